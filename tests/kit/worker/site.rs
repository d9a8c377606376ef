use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use idem::{Error, Idem, Token};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::call::entity;
use super::database::CONNECTIONS;
use super::{Call, Database, LIFE, SECRET, Strategy, TIMEOUT, Worker};
use crate::ledger::Ledger;
use crate::oracle::Journal;

/// How long a store may take to be found.
const FOUND: Duration = Duration::from_secs(30);
/// How long to wait before it is asked again.
const PAUSE: Duration = Duration::from_millis(50);

/// Where a worker works, as words for another process: the store's URL, the prefix of its records
/// and the journal.
#[derive(Debug, Clone)]
pub struct Site {
    url: String,
    prefix: String,
    journal: PathBuf,
    connections: u32,
}

impl Site {
    /// Works on the store at `url`, and notes what it does in `journal`.
    #[must_use]
    pub fn new(url: impl Into<String>, prefix: impl Into<String>, journal: &Journal) -> Self {
        let (url, prefix, journal) = (url.into(), prefix.into(), journal.path().to_owned());
        Self { url, prefix, journal, connections: CONNECTIONS }
    }

    /// The same by one connection: while that one waits for an answer, nothing goes by another.
    #[must_use]
    pub fn by_one_connection(self) -> Self {
        Self { connections: 1, ..self }
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
        let (url, prefix, journal) = (next(), next(), next().into());
        Self { url, prefix, journal, connections: CONNECTIONS }
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

    /// Leaves a claim on each of these keys that has lapsed.
    ///
    /// # Panics
    ///
    /// When the store does not answer.
    pub async fn abandon(&self, strategy: Strategy, keys: &[String]) {
        let worker = Arc::new(self.worker().await);
        let mut abandoned = JoinSet::new();
        for key in keys {
            let (worker, key) = (Arc::clone(&worker), key.clone());
            let call = Call { body: LIFE, ..Call::new(strategy, &*key) };
            abandoned.spawn(async move {
                tokio::select! {
                    // Again where the machine is too busy to claim within a lease.
                    never = worker.settle(&call) => panic!("{never:?}"),
                    () = worker.begun(&key) => {} // its caller leaves in the body
                }
                worker.lapsed(&key, LIFE).await;
            });
        }
        abandoned.join_all().await;
    }

    /// A worker on it, in this process.
    ///
    /// # Panics
    ///
    /// When the store does not answer.
    pub async fn worker(&self) -> Worker {
        self.worker_within(TIMEOUT).await
    }

    /// The same, of which each step of the store has so long.
    ///
    /// # Panics
    ///
    /// When the store does not answer.
    pub async fn worker_within(&self, timeout: Duration) -> Worker {
        let database = Database::open(&self.url, self.connections);
        let asked = Instant::now();
        let idem = loop {
            let builder = Idem::builder().prefix(&self.prefix).timeout(timeout);
            let builder = builder.token_secret(SECRET);
            let builder = match &database {
                Some(database) => database.keep_records(builder),
                None => builder.redis(&self.url),
            };
            match builder.build().await {
                Ok(idem) => break idem,
                // A busy machine may take longer than a step has, before anything is tested.
                Err(Error::Outage { .. }) if asked.elapsed() < FOUND => sleep(PAUSE).await,
                Err(error) => panic!("the store answers: {error:?}"),
            }
        };
        let tokens = Ledger::at(tokens_at(&self.journal)).entries();
        Worker {
            idem,
            database,
            journal: Journal::at(&self.journal),
            tokens: tokens.into_iter().map(|(key, token)| (key, Token::from(token))).collect(),
        }
    }
}

fn tokens_at(journal: &Path) -> PathBuf {
    journal.with_extension("tokens")
}
