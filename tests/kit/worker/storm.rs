use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::task::JoinSet;

use super::{Call, Strategy, Worker};
use crate::oracle::{How, Moment, now};

/// Calls at random, without end, of keys that become new ones as time goes on.
#[derive(Debug, Clone, Copy)]
pub struct Storm {
    /// What is random comes from it.
    pub seed: u64,
    /// When the first keys were called.
    pub began: Moment,
}

/// So many calls at once, of so many keys; and how long until the oldest of them is left for a new one.
const TASKS: u64 = 6;
const WINDOW: u64 = 12;
const PACE: Duration = Duration::from_millis(25);

impl Storm {
    /// The keys of the calls that are made in this time, by these strategies in turn.
    #[must_use]
    pub fn keys(strategies: &[Strategy], time: Duration) -> Vec<(Strategy, String)> {
        let number = u64::try_from(time.as_millis() / PACE.as_millis()).unwrap_or(u64::MAX);
        (0..number + WINDOW).map(|number| key(strategies, number)).collect()
    }
}

fn key(strategies: &[Strategy], number: u64) -> (Strategy, String) {
    let at = usize::try_from(number).unwrap_or_default() % strategies.len();
    (strategies[at], format!("{}-storm-{number}", strategies[at]))
}

impl Worker {
    /// Makes calls until the process ends.
    pub async fn storm(self: Arc<Self>, storm: Storm) {
        let settled = Arc::new(Mutex::new(HashSet::new()));
        let mut tasks = JoinSet::new();
        for task in 0..TASKS {
            let (worker, settled) = (Arc::clone(&self), Arc::clone(&settled));
            tasks.spawn(worker.call_at_random(storm, storm.seed ^ task, settled));
        }
        tasks.join_all().await;
    }

    async fn call_at_random(
        self: Arc<Self>,
        storm: Storm,
        seed: u64,
        settled: Arc<Mutex<HashSet<String>>>,
    ) {
        let mut random = StdRng::seed_from_u64(seed);
        let strategies = self.strategies();
        loop {
            let gone = now().saturating_sub(storm.began).as_millis() / PACE.as_millis();
            let number = u64::try_from(gone).unwrap_or_default() + random.random_range(0..WINDOW);
            let (strategy, key) = key(strategies, number);
            let lock = || settled.lock().unwrap_or_else(PoisonError::into_inner);
            // Another payload, where it can't be the first that runs.
            let payload = u32::from(random.random_ratio(1, 8) && lock().contains(&key));
            let call = Call {
                payload,
                body: Duration::from_millis(random.random_range(0..30)),
                fails: random.random_ratio(1, 8),
                ..Call::new(strategy, &*key)
            };
            if let Ok((_, How::Stored | How::Replayed)) = self.call(&call).await {
                lock().insert(key);
            }
            tokio::time::sleep(Duration::from_millis(random.random_range(0..8))).await;
        }
    }

    /// The strategies that its store has.
    fn strategies(&self) -> &'static [Strategy] {
        if self.database.is_some() { &Strategy::OF_DATABASES } else { &Strategy::OF_KV }
    }
}

impl fmt::Display for Storm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "storm {} {}", self.seed, self.began.as_micros())
    }
}

impl FromStr for Storm {
    type Err = ();

    fn from_str(line: &str) -> Result<Self, ()> {
        let mut words = line.strip_prefix("storm ").ok_or(())?.split(' ');
        let mut number = || words.next().and_then(|word| word.parse().ok()).ok_or(());
        Ok(Self { seed: number()?, began: Duration::from_micros(number()?) })
    }
}
