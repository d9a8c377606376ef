//! Workers under load in several processes, killed and stopped at random, and the server with them.
//!
//! What is random comes from a seed, which is printed: `IDEM_STORM_SEED` sets it. What the processes
//! do between two faults is the machine's.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kit::oracle::{Journal, now};
use kit::process::Process;
use kit::worker::{Call, LEASE, Site, Storm, Strategy};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::stores::{Own, Store, on_every_store};
use crate::{SETTLED, SOON, TURNS, is_long, promise};

on_every_store! {
    every_key_settles_after_a_storm
}

const WORKERS: usize = 3;
/// For how long nobody has a transaction open and is not killed: the oracle's `lease` for them.
const OPEN: Duration = Duration::from_millis(100);
/// Longer than a lease, or shorter.
const LONGEST_STOP: Duration = Duration::from_millis(1800);

fn kills() -> usize {
    if is_long() { 1000 } else { 20 }
}

fn seed() -> u64 {
    let set = std::env::var("IDEM_STORM_SEED").ok();
    set.map_or_else(rand::random, |seed| seed.parse().expect("a number"))
}

async fn every_key_settles_after_a_storm(store: Store) {
    let _turn = TURNS.acquire().await;
    let seed = seed();
    println!("{store:?}: IDEM_STORM_SEED={seed}");
    let own = store.own();
    let journal = Journal::new();
    let site = Site::new(own.url(), "storm", &journal);
    site.migrate().await;
    // Twice the time that it takes where the machine is free.
    let keys = Storm::keys(store.strategies(), Duration::from_secs(kills() as u64));
    for strategy in store.strategies() {
        let of = keys.iter().filter(|(of, _)| of == strategy);
        site.prepare(*strategy, &of.map(|(_, key)| key.clone()).collect::<Vec<_>>()).await;
    }

    let mut weather = Weather::new(seed, site.clone(), own);
    weather.rage().await;
    let ended = Instant::now();
    settle(&site, &journal, &keys).await;
    println!("{store:?}: {weather}; all settled in {:.1?}", ended.elapsed());

    let committed = site.worker().await.committed().await;
    let mut violations = Vec::new();
    for strategy in store.strategies() {
        let of = journal.history().of_keys(|key| key.starts_with(&format!("{strategy}-storm")));
        println!("{store:?}: {strategy}: {} runs, {} answers", of.runs(), of.answers());
        assert!(of.runs() > 0);
        let lease = if strategy.is_in_transaction() { OPEN } else { LEASE };
        violations.extend(of.violations(&promise(*strategy, committed.clone()), lease));
    }
    let shown: Vec<_> = violations.iter().map(ToString::to_string).collect();
    assert!(shown.is_empty(), "IDEM_STORM_SEED={seed}, {} violations: {shown:#?}", shown.len());
}

/// Each key that was called is called until it has a result, and soon has one.
async fn settle(site: &Site, journal: &Journal, keys: &[(Strategy, String)]) {
    let worker = Arc::new(site.worker().await);
    let (history, many) = (journal.history(), Arc::new(Semaphore::new(8)));
    let mut settling = JoinSet::new();
    for (strategy, key) in keys.iter().filter(|(_, key)| history.has(key)).cloned() {
        let (worker, many) = (Arc::clone(&worker), Arc::clone(&many));
        settling.spawn(async move {
            let _permit = many.acquire().await;
            let call = Call::new(strategy, &*key);
            let settled = tokio::time::timeout(SETTLED, worker.settle(&call)).await;
            let settled = settled.unwrap_or_else(|_| panic!("{key} does not settle"));
            if let Err(error) = settled {
                assert_eq!(error.code(), "exhausted", "{key}: {error:?}");
            }
        });
    }
    settling.join_all().await;
}

/// What happens to the processes.
struct Weather {
    random: StdRng,
    site: Site,
    own: Own,
    storm: Storm,
    workers: Vec<Process>,
    /// Which are stopped, and until when.
    stopped: Vec<(u32, Instant)>,
    kills: usize,
    stops: usize,
    restarts: usize,
}

impl Weather {
    fn new(seed: u64, site: Site, own: Own) -> Self {
        let storm = Storm { seed, began: now() };
        let (workers, stopped) = (Vec::new(), Vec::new());
        let random = StdRng::seed_from_u64(seed);
        Self { random, site, own, storm, workers, stopped, kills: 0, stops: 0, restarts: 0 }
    }

    /// Kills, stops and restarts. Afterwards no worker is left, and the server answers.
    async fn rage(&mut self) {
        for _ in 0..WORKERS {
            self.start().await;
        }
        self.storm.began = now();
        for worker in &mut self.workers {
            worker.say(&self.storm.to_string());
        }
        while self.kills < kills() {
            tokio::time::sleep(Duration::from_millis(self.random.random_range(20..160))).await;
            self.wake();
            let victim = self.random.random_range(0..self.workers.len());
            match self.random.random_range(0..10) {
                0..=5 => self.kill(victim).await,
                _ => self.stop(victim),
            }
            // Now and then, and once at least.
            if self.kills == kills() / 2 && self.restarts == 0 || self.random.random_ratio(1, 60) {
                self.restarts += usize::from(self.own.crash());
            }
        }
        self.workers.clear();
    }

    async fn start(&mut self) {
        let mut process = Process::run(env!("CARGO_BIN_EXE_kit-worker"));
        for word in self.site.words() {
            process = process.arg(word);
        }
        let mut process = process.start();
        process.line_with("ready", SOON).await;
        self.workers.push(process);
    }

    async fn kill(&mut self, victim: usize) {
        let mut killed = self.workers.swap_remove(victim);
        self.stopped.retain(|(pid, _)| *pid != killed.pid());
        killed.kill();
        self.kills += 1;
        self.start().await;
        self.storm.seed = self.random.random();
        let line = self.storm.to_string();
        self.workers.last_mut().expect("it was started").say(&line);
    }

    fn stop(&mut self, victim: usize) {
        let worker = &mut self.workers[victim];
        if self.stopped.iter().any(|(pid, _)| *pid == worker.pid()) {
            return;
        }
        worker.pause();
        let time = self.random.random_range(Duration::from_millis(20)..LONGEST_STOP);
        self.stopped.push((worker.pid(), Instant::now() + time));
        self.stops += 1;
    }

    /// Lets those go on whose time is over.
    fn wake(&mut self) {
        let now = Instant::now();
        for worker in &mut self.workers {
            let is_over = |(pid, until): &(u32, Instant)| *pid == worker.pid() && *until <= now;
            if self.stopped.iter().any(is_over) {
                worker.resume();
            }
        }
        self.stopped.retain(|(_, until)| *until > now);
    }
}

impl std::fmt::Display for Weather {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { kills, stops, restarts, .. } = self;
        write!(f, "{kills} kills, {stops} stops, {restarts} restarts of the server")
    }
}
