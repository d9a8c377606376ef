//! Calls by every strategy on every store, that journal what they do: in a process of their own, to
//! be killed there (`kit-worker`), or in the test's.

mod call;
mod database;
mod site;
mod storm;
mod strategy;

use std::collections::HashMap;
use std::time::Duration;

use idem::{Error, Idem, Key, Outcome, Token, with_outcome};

pub use call::{Call, Gate, Hook};
use database::Database;
pub use site::Site;
pub use storm::Storm;
pub use strategy::Strategy;

use crate::oracle::{How, Journal, now};

/// How long a claim of a worker stands when its process is gone.
pub const LEASE: Duration = Duration::from_secs(1);
/// How many attempts `count` has.
pub const LIMIT: u32 = 3;

/// How long a step may take on a machine that is busy.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How often something is looked at.
const PAUSE: Duration = Duration::from_millis(10);
const SECRET: [u8; 32] = [7; 32];
const LIFE: Duration = Duration::from_hours(1);

/// Makes calls.
#[derive(Debug)]
pub struct Worker {
    idem: Idem,
    database: Option<Database>,
    journal: Journal,
    tokens: HashMap<String, Token>,
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
    pub async fn call(&self, call: &Call) -> Result<(String, How), Error> {
        let answer = if call.strategy.is_in_transaction() {
            let database = self.database.as_ref().expect("a database");
            database.call(&self.idem, &self.journal, call).await
        } else {
            self.call_alone(call).await
        };
        match answer {
            Ok((value, how)) => {
                self.journal.answered(&call.key, call.payload, &value, how);
                Ok((value, how))
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
            call.last(&self.journal, &run).await?;
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
    pub async fn settle(&self, call: &Call) -> Result<(String, How), Error> {
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
        self.journal.history_of(key).runs()
    }

    /// Waits until a body of `key` has begun.
    pub async fn begun(&self, key: &str) {
        self.begun_after(key, 0).await;
    }

    /// Waits until more bodies of `key` have begun than so many.
    pub async fn begun_after(&self, key: &str, runs: usize) {
        while self.runs(key) <= runs {
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
            let name = self.tokens.get(key).into_iter().fold(idem::key!("op:{key}"), Key::token);
            let entry = self.idem.get(&name).await.expect("the store answers");
            let Some(left) = entry.and_then(|entry| entry.lease_left) else { return };
            assert!(asked.elapsed() < deadline, "the lease of {key} does not lapse");
            // Not more often: many wait at once.
            tokio::time::sleep(left.clamp(PAUSE, LEASE)).await;
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

fn how(outcome: Outcome) -> How {
    match outcome {
        Outcome::Ran { stored: true, .. } => How::Stored,
        Outcome::Ran { .. } => How::Unstored,
        _ => How::Replayed,
    }
}
