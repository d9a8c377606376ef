use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use idem::{Error, Key, Plan};
use tokio::sync::watch;

use super::Strategy;
use crate::oracle::{Journal, Run, now};

/// One call.
#[derive(Debug, Clone)]
pub struct Call {
    /// By which strategy.
    pub strategy: Strategy,
    /// Of which key: a name with a number after its last `-`, which is the entity of `state`.
    pub key: String,
    /// With which payload.
    pub payload: u32,
    /// How long its body takes.
    pub body: Duration,
    /// Whether its body ends in an `Err` that frees the key.
    pub fails: bool,
    /// How long a duplicate waits.
    pub wait: Duration,
    /// What is done as its body begins.
    pub begins: Option<Hook>,
    /// What its body waits for before it ends.
    pub until: Option<Gate>,
    /// What is done as its body ends.
    pub ends: Option<Hook>,
}

/// What bodies wait for, until it is opened.
#[derive(Debug, Clone, Default)]
pub struct Gate(watch::Sender<bool>);

impl Gate {
    /// Lets all go on that wait, and all that will come.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    /// Waits until it is open.
    pub async fn opened(&self) {
        // An error would mean that nobody can open it any more: whoever waits has it.
        let _ = self.0.subscribe().wait_for(|open| *open).await;
    }
}

/// What a test does at a place in a body.
#[derive(Clone)]
pub struct Hook(Arc<dyn Fn() + Send + Sync>);

impl Hook {
    /// Does this.
    pub fn new(act: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Arc::new(act))
    }

    fn act(&self) {
        (self.0)();
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hook")
    }
}

impl Call {
    /// A call whose body ends at once in its value.
    pub fn new(strategy: Strategy, key: impl Into<String>) -> Self {
        let (body, wait) = (Duration::ZERO, Duration::ZERO);
        let (begins, until, ends) = (None, None, None);
        let (key, payload, fails) = (key.into(), 0, false);
        Self { strategy, key, payload, body, fails, wait, begins, until, ends }
    }

    /// The call as a line for `kit-worker`, which has no hooks and no gate.
    #[must_use]
    pub fn line(&self) -> String {
        let Self { strategy, key, payload, body, fails, wait, .. } = self;
        let (body, wait) = (body.as_millis(), wait.as_millis());
        format!("{strategy} {key} {payload} {body} {} {wait}", u8::from(*fails))
    }

    /// The same from its line.
    ///
    /// # Panics
    ///
    /// When it is none.
    #[must_use]
    pub fn read(line: &str) -> Self {
        let words: Vec<_> = line.split(' ').collect();
        let time = |word: &str| Duration::from_millis(word.parse().expect("milliseconds"));
        Self {
            strategy: words[0].parse().expect("a strategy"),
            key: words[1].to_owned(),
            payload: words[2].parse().expect("a number"),
            body: time(words[3]),
            fails: words[4] == "1",
            wait: time(words[5]),
            begins: None,
            until: None,
            ends: None,
        }
    }
}

impl Call {
    pub(super) fn name(&self) -> Key {
        let Self { key, payload, .. } = self;
        idem::key!("op:{key}").fingerprint(payload)
    }

    pub(super) fn plan(&self) -> Plan {
        self.strategy.plan(self.wait)
    }

    /// A body's first act.
    pub(super) fn begin(&self, journal: &Journal, asked: Duration) -> Run {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let value = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let fence = idem::attempt().fence();
        let run = Run { value, fence, payload: self.payload, asked, noted: now() };
        journal.started(&self.key, &run);
        self.begins.iter().for_each(Hook::act);
        run
    }

    /// What a body does after that.
    pub(super) async fn last(&self, journal: &Journal, run: &Run) -> Result<(), Error> {
        tokio::time::sleep(self.body).await;
        if let Some(gate) = &self.until {
            gate.opened().await;
        }
        self.ends.iter().for_each(Hook::act);
        if self.fails {
            journal.fails(&self.key, &run.value);
            return Err(Error::outage("the body's own"));
        }
        Ok(())
    }
}

/// The row that a key's transition moves.
pub(super) fn entity(key: &str) -> i64 {
    let number = key.rsplit('-').next().map(str::parse);
    number.and_then(Result::ok).expect("a key ends in a number")
}
