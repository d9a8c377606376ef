//! One key under two faults: who calls it by a wire that is whole, and what is to be true afterwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use kit::oracle::{How, Journal};
use kit::process::Process;
use kit::worker::{Call, LEASE, Site, Strategy, Worker};

use crate::stores::Opened;
use crate::{SETTLED, SOON};

/// How often a process is told to call.
const PAUSE: Duration = Duration::from_millis(20);

pub(crate) struct Stage {
    pub(crate) strategy: Strategy,
    pub(crate) key: String,
    prefix: String,
    url: String,
    pub(crate) journal: Journal,
    /// One whose wire is whole.
    pub(crate) direct: Arc<Worker>,
    /// What is played, for a message.
    what: String,
}

impl Stage {
    pub(crate) async fn of(
        strategy: Strategy,
        opened: &Opened,
        abandoned: bool,
        what: String,
    ) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(4_000_000);
        let key = format!("{strategy}-twice-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let (journal, prefix) = (Journal::new(), format!("twice-{key}"));
        let site = Site::new(&*opened.url, &*prefix, &journal);
        site.prepare(strategy, std::slice::from_ref(&key)).await;
        if abandoned {
            site.abandon(strategy, std::slice::from_ref(&key)).await;
        }
        let direct = Arc::new(site.worker().await);
        Self { strategy, key, prefix, url: opened.url.clone(), journal, direct, what }
    }

    /// The same store, at this URL.
    pub(crate) fn site_at(&self, url: impl Into<String>) -> Site {
        Site::new(url, &*self.prefix, &self.journal)
    }

    pub(crate) fn call(&self) -> Call {
        Call::new(self.strategy, &*self.key)
    }

    pub(crate) fn runs(&self) -> usize {
        self.direct.runs(&self.key)
    }

    /// How many callers have got a value so.
    pub(crate) fn told(&self, how: How) -> usize {
        self.journal.history().answers_so(how)
    }

    /// A process that is in a body of the key, which takes so long.
    pub(crate) async fn process(&self, body: Duration) -> Process {
        let runs = self.runs();
        let mut program = Process::run(env!("CARGO_BIN_EXE_kit-worker"));
        for word in self.site_at(&*self.url).words() {
            program = program.arg(word);
        }
        let mut process = program.start();
        process.line_with("ready", SOON).await;
        let (call, asked) = (Call { body, ..self.call() }.line(), Instant::now());
        while self.runs() == runs {
            assert!(asked.elapsed() < SOON, "{}: nobody gets it", self.what);
            // In a transaction it may be another's for a moment more.
            process.say(&call);
            tokio::time::sleep(PAUSE).await;
        }
        process
    }

    /// What a duplicate gets, soon: what is stored, if something is.
    pub(crate) async fn settle(&self, stored: Option<&str>) -> String {
        let settled = tokio::time::timeout(SETTLED, self.direct.settle(&self.call())).await;
        let settled = settled.unwrap_or_else(|_| panic!("{}: never settled", self.what));
        let (value, _) = settled.unwrap_or_else(|error| panic!("{}: {error:?}", self.what));
        if let Some(stored) = stored {
            assert_eq!(value, stored, "{}", self.what);
        }
        value
    }

    /// What is to be true when all is over: every later duplicate gets what is stored, and nobody else.
    pub(crate) async fn judge(&self, stored: &str) {
        self.settle(Some(stored)).await;
        let told = self.direct.call(&Call { payload: 1, ..self.call() }).await;
        let told = told.expect_err("it is another call");
        assert_eq!(told.code(), "mismatch", "{}: {told:?}", self.what);
        let promise = crate::promise(self.strategy, self.direct.committed().await);
        let violations = self.journal.history().violations(&promise, LEASE);
        assert!(violations.is_empty(), "{}: {violations:#?}", self.what);
    }
}
