//! Calls by every strategy on every store, that journal what they do: in a process of their own, to
//! be killed there (`kit-worker`), or in the test's.

mod database;
mod strategy;

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use idem::{Error, Idem, Outcome, Token, with_outcome};

pub use database::Database;
pub use strategy::Strategy;

use crate::ledger::Ledger;
use crate::oracle::{How, Journal, Run, now};

/// How long a claim of a worker stands when its process is gone.
pub const LEASE: Duration = Duration::from_secs(1);
/// How many attempts `count` has.
pub const LIMIT: u32 = 3;

/// How long a step may take before it is given up.
const TIMEOUT: Duration = Duration::from_secs(2);
/// How often something is looked at.
const PAUSE: Duration = Duration::from_millis(10);
const SECRET: [u8; 32] = [7; 32];
const LIFE: Duration = Duration::from_hours(1);

/// Where a worker works, as words for another process: the store's URL, the prefix of its records
/// and the journal.
#[derive(Debug, Clone)]
pub struct Site {
    url: String,
    prefix: String,
    journal: std::path::PathBuf,
}

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
}

/// Makes calls.
#[derive(Debug)]
pub struct Worker {
    idem: Idem,
    database: Option<Database>,
    journal: Journal,
    tokens: HashMap<String, Token>,
}

impl Site {
    /// Works on the store at `url`, and notes what it does in `journal`.
    #[must_use]
    pub fn new(url: impl Into<String>, prefix: impl Into<String>, journal: &Journal) -> Self {
        Self { url: url.into(), prefix: prefix.into(), journal: journal.path().to_owned() }
    }

    /// The words, as arguments of `kit-worker`.
    #[must_use]
    pub fn words(&self) -> [String; 3] {
        [self.url.clone(), self.prefix.clone(), self.journal.display().to_string()]
    }

    /// The same from its words.
    ///
    /// # Panics
    ///
    /// When there are fewer.
    pub fn read(words: &mut impl Iterator<Item = String>) -> Self {
        let mut next = || words.next().expect("URL, prefix and journal");
        Self { url: next(), prefix: next(), journal: next().into() }
    }

    /// Makes the tables.
    ///
    /// # Panics
    ///
    /// When the store does not answer.
    pub async fn migrate(&self) {
        let worker = self.worker().await;
        if let Some(database) = &worker.database {
            worker.idem.migrate().await.expect("the database makes tables");
            database.migrate().await;
        }
    }

    /// Gives each of these keys what its calls need: a token, and a row that is pending.
    ///
    /// # Panics
    ///
    /// When the store does not answer.
    pub async fn prepare(&self, strategy: Strategy, keys: &[String]) {
        let worker = self.worker().await;
        if let Some(database) = worker.database.as_ref().filter(|_| strategy == Strategy::State) {
            let entities: Vec<_> = keys.iter().map(|key| entity(key)).collect();
            database.pend(&entities).await;
        }
        if strategy.takes_tokens() {
            let tokens = Ledger::at(tokens_at(&self.journal));
            for key in keys {
                let token = worker.idem.issue_token(&idem::key!("op:{key}"), LIFE);
                tokens.append(key, token.expect("there is a key").as_str());
            }
        }
    }

    /// A worker on it, in this process.
    ///
    /// # Panics
    ///
    /// When the store does not answer.
    pub async fn worker(&self) -> Worker {
        let builder = Idem::builder().prefix(&self.prefix).timeout(TIMEOUT).token_secret(SECRET);
        let database = Database::open(&self.url);
        let builder = match &database {
            Some(database) => database.keep_records(builder),
            None => builder.redis(&self.url),
        };
        let tokens = Ledger::at(tokens_at(&self.journal)).entries();
        Worker {
            idem: builder.build().await.expect("the store answers"),
            database,
            journal: Journal::at(&self.journal),
            tokens: tokens.into_iter().map(|(key, token)| (key, Token::from(token))).collect(),
        }
    }
}

fn tokens_at(journal: &Path) -> std::path::PathBuf {
    journal.with_extension("tokens")
}

/// The row that a key's transition moves.
fn entity(key: &str) -> i64 {
    let number = key.rsplit('-').next().map(str::parse);
    number.and_then(Result::ok).expect("a key ends in a number")
}

impl Call {
    /// A call whose body ends at once in its value.
    pub fn new(strategy: Strategy, key: impl Into<String>) -> Self {
        let (body, wait) = (Duration::ZERO, Duration::ZERO);
        Self { strategy, key: key.into(), payload: 0, body, fails: false, wait }
    }

    /// The call as a line for `kit-worker`.
    #[must_use]
    pub fn line(&self) -> String {
        let Self { strategy, key, payload, body, fails, wait } = self;
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
        }
    }
}

impl Worker {
    /// Makes a call, and notes what it came to.
    ///
    /// # Errors
    ///
    /// What the caller is told.
    ///
    /// # Panics
    ///
    /// Where a call in a transaction has no database.
    pub async fn call(&self, call: &Call) -> Result<String, Error> {
        let answer = if call.strategy.is_in_transaction() {
            let database = self.database.as_ref().expect("a database");
            database.call(&self.idem, &self.journal, call).await
        } else {
            self.call_alone(call).await
        };
        match answer {
            Ok((value, how)) => {
                self.journal.answered(&call.key, call.payload, &value, how);
                Ok(value)
            }
            Err(error) => {
                self.journal.refused(&call.key, error.code());
                Err(error)
            }
        }
    }

    async fn call_alone(&self, call: &Call) -> Result<(String, How), Error> {
        let mut key = call.name();
        if call.strategy.takes_tokens() {
            key = key.token(&self.tokens[&call.key]);
        }
        let asked = now();
        let body = async {
            let run = call.begin(&self.journal, asked);
            tokio::time::sleep(call.body).await;
            if call.fails {
                self.journal.fails(&call.key, &run.value);
                return Err(failure());
            }
            Ok(run.value)
        };
        let (answer, outcome) = with_outcome(self.idem.call(&call.plan(), key, body)).await;
        answer.map(|value| (value, how(outcome)))
    }

    /// Calls again and again, as a broker that delivers does, until there is a value or none will be.
    ///
    /// # Errors
    ///
    /// [`Error::Exhausted`], and what no repetition mends.
    pub async fn settle(&self, call: &Call) -> Result<String, Error> {
        loop {
            match self.call(call).await {
                Err(error) if error.is_retryable() => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                answer => return answer,
            }
        }
    }

    /// How many bodies of `key` have begun, anywhere.
    #[must_use]
    pub fn runs(&self, key: &str) -> usize {
        self.journal.history().of_keys(|of| of == key).runs()
    }

    /// Waits until a body of `key` has begun.
    pub async fn begun(&self, key: &str) {
        while self.runs(key) == 0 {
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Waits until nobody holds a lease of `key`, by the store's clock.
    ///
    /// # Panics
    ///
    /// When that takes longer than `deadline`.
    pub async fn lapsed(&self, key: &str, deadline: Duration) {
        let asked = std::time::Instant::now();
        loop {
            let entry = self.idem.get(&idem::key!("op:{key}")).await.expect("the store answers");
            if entry.is_none_or(|entry| entry.lease_left.is_none()) {
                return;
            }
            assert!(asked.elapsed() < deadline, "the lease of {key} does not lapse");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// What transactions have committed: keys and values. Nothing where there are none.
    ///
    /// # Panics
    ///
    /// When the database does not answer.
    pub async fn committed(&self) -> Vec<(String, String)> {
        match &self.database {
            Some(database) => database.committed().await,
            None => Vec::new(),
        }
    }

    /// Waits for what goes on in the background.
    pub async fn shutdown(&self) {
        self.idem.shutdown(TIMEOUT).await;
    }
}

impl Call {
    fn name(&self) -> idem::Key {
        let Self { key, payload, .. } = self;
        idem::key!("op:{key}").fingerprint(payload)
    }

    fn plan(&self) -> idem::Plan {
        self.strategy.plan(self.wait)
    }

    /// A body's first act.
    fn begin(&self, journal: &Journal, asked: Duration) -> Run {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let value = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let fence = idem::attempt().fence();
        let run = Run { value, fence, payload: self.payload, asked, noted: now() };
        journal.started(&self.key, &run);
        run
    }
}

/// The `Err` of a body's own.
fn failure() -> Error {
    Error::outage("the body's own")
}

fn how(outcome: Outcome) -> How {
    match outcome {
        Outcome::Ran { stored: true, .. } => How::Stored,
        Outcome::Ran { .. } => How::Unstored,
        _ => How::Replayed,
    }
}
