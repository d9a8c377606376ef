//! A process that ends before and after each step of its store, by every strategy on every store.
//!
//! Which steps there are is not written here: a process that is not ended prints them, and then one
//! ends at each.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use kit::oracle::Journal;
use kit::process::Process;
use kit::worker::{Call, LEASE, Site, Strategy, Worker};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::stores::{Opened, Store, on_every_store};
use crate::{SETTLED, SOON, TURNS, promise};

on_every_store! {
    no_point_of_a_call_is_a_bad_one_to_die_at
}

/// Long enough for the lease to be renewed once meanwhile.
const BODY: Duration = Duration::from_millis(600);
/// So many processes at once, and so many whose results are asked for.
static PROCESSES: Semaphore = Semaphore::const_new(6);
static SETTLING: Semaphore = Semaphore::const_new(8);
/// By a signal: 128 and the number of `SIGABRT`.
const ENDED: i32 = 134;

async fn no_point_of_a_call_is_a_bad_one_to_die_at(store: Store) {
    let _turn = TURNS.acquire().await;
    let mut all = JoinSet::new();
    for strategy in store.strategies() {
        // A file has one writer: each strategy has one of its own.
        let opened = store.shared();
        Site::new(&*opened.url, "points", &Journal::new()).migrate().await;
        all.spawn(die_at_each_point(opened, *strategy));
    }
    let points: usize = all.join_all().await.into_iter().sum();
    println!("{store:?}: a process has died at each of {points} points");
}

/// How many points there are.
async fn die_at_each_point(opened: Opened, strategy: Strategy) -> usize {
    let journal = Journal::new();
    let site = Arc::new(Site::new(&*opened.url, format!("points-{strategy}"), &journal));
    let whole = Script::prepared(&site, strategy, 1).await.remove(0);
    let visits = whole.trace(&site).await;
    assert_eq!(steps_of(&visits), steps(strategy, &opened), "{strategy}: {visits:?}");

    let scripts = Script::prepared(&site, strategy, visits.len()).await;
    let (mut deaths, all) = (JoinSet::new(), Arc::new(visits));
    let worker = Arc::new(site.worker().await);
    // What failed there succeeds now.
    worker.settle(&Call::new(strategy, &*whole.keys[1])).await.expect("it is free");
    for (at, script) in scripts.into_iter().enumerate() {
        let (site, worker, all) = (Arc::clone(&site), Arc::clone(&worker), Arc::clone(&all));
        deaths.spawn(script.die(site, worker, all, at));
    }
    deaths.join_all().await;

    let promise = promise(strategy, worker.committed().await);
    let violations = journal.history().violations(&promise, LEASE);
    assert!(violations.is_empty(), "{strategy}: {violations:#?}");
    all.len()
}

/// The steps at which a process has been, without their numbers.
fn steps_of(visits: &[String]) -> BTreeSet<&str> {
    visits.iter().filter_map(|visit| visit.split(' ').nth(1)).collect()
}

/// The steps that a call of this strategy can come to there.
fn steps(strategy: Strategy, opened: &Opened) -> BTreeSet<&'static str> {
    let steps: &[_] = match strategy {
        Strategy::State => {
            &["begin", "open", "claim", "transition", "complete", "keep", "undo", "commit"]
        }
        Strategy::Tx => &["begin", "open", "claim", "complete", "keep", "undo", "commit"],
        _ => &["claim", "renew", "complete", "release"],
    };
    // In MariaDB: the insert that tells, or the one after a look.
    let insert = opened.url.starts_with("mysql").then_some("insert");
    steps.iter().copied().chain(insert).collect()
}

/// What one process does, each with a key of its own.
#[derive(Debug, Clone)]
struct Script {
    strategy: Strategy,
    /// Of a call that succeeds, of one that fails, and of one that takes over.
    keys: [String; 3],
}

impl Script {
    fn new(strategy: Strategy) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(1);
        let key = |what| format!("{strategy}-{what}-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        Self { strategy, keys: ["succeeds", "fails", "takes-over"].map(key) }
    }

    /// So many, and on the third key of each a claim that has lapsed.
    async fn prepared(site: &Site, strategy: Strategy, number: usize) -> Vec<Self> {
        let scripts: Vec<_> = (0..number).map(|_| Self::new(strategy)).collect();
        let keys: Vec<_> = scripts.iter().flat_map(|script| script.keys.clone()).collect();
        site.prepare(strategy, &keys).await;
        if !strategy.is_in_transaction() {
            let keys: Vec<_> = scripts.iter().map(|script| script.keys[2].clone()).collect();
            site.abandon(strategy, &keys).await;
        }
        scripts
    }

    fn calls(&self) -> [Call; 3] {
        let [succeeds, fails, takes_over] =
            self.keys.clone().map(|key| Call::new(self.strategy, key));
        // In a transaction nothing is renewed, and a file is locked meanwhile.
        let body = if self.strategy.is_in_transaction() { Duration::ZERO } else { BODY };
        [Call { body, ..succeeds }, Call { fails: true, ..fails }, takes_over]
    }

    /// Makes the calls in a process that `variable` tells what to do about points.
    async fn run(&self, site: &Site, variable: &str, value: &str) -> Process {
        let mut program = Process::run(env!("CARGO_BIN_EXE_kit-worker"));
        for word in site.words() {
            program = program.arg(word);
        }
        let mut process = program.env(variable, value).start();
        process.line_with("ready", SOON).await;
        // At once: it may be dead before it has read them.
        process.say(&self.calls().map(|call| call.line()).join("\n"));
        process.close_input();
        process
    }

    /// The points that it comes to, in their order.
    async fn trace(&self, site: &Site) -> Vec<String> {
        let mut process = self.run(site, "IDEM_CRASH_TRACE", "1").await;
        let mut visits = Vec::new();
        loop {
            let line = process.line_with("", SOON).await;
            if line == "over" {
                return visits;
            }
            visits.extend(line.strip_prefix("at ").map(str::to_owned));
        }
    }

    /// Dies at one of the points. Then `worker` makes the same calls, as duplicates, until it has
    /// their results.
    async fn die(self, site: Arc<Site>, worker: Arc<Worker>, visits: Arc<Vec<String>>, at: usize) {
        let point = &visits[at];
        let permit = PROCESSES.acquire().await;
        let mut process = self.run(&site, "IDEM_CRASH_AT", point).await;
        let status = process.exit_status(SOON).await;
        drop(permit);
        // A body may end before one, or outlast another, on a machine that is busy.
        let may_be_missed = point.contains("renew");
        assert!(status == ENDED || (may_be_missed && status == 0), "{point}: {status}");

        let _permit = SETTLING.acquire().await;
        let stored = self.stored(&visits, at);
        for (number, call) in self.calls().into_iter().enumerate() {
            let before = worker.runs(&call.key);
            let asked = Instant::now();
            let again = Call { fails: false, body: Duration::ZERO, ..call.clone() };
            worker.settle(&again).await.unwrap_or_else(|error| panic!("{point}: {error:?}"));
            let settled = asked.elapsed();
            assert!(settled < SETTLED, "{}, dead {point}: {settled:?}", call.key);
            let more = usize::from(!stored[number] && status == ENDED);
            assert_eq!(worker.runs(&call.key), before + more, "{}, dead {point}", call.key);
            worker.settle(&again).await.unwrap_or_else(|error| panic!("{point}: {error:?}"));
            let other = worker.call(&Call { payload: 1, ..again }).await.unwrap_err();
            assert_eq!(other.code(), "mismatch", "{point}: {other:?}");
        }
    }

    /// Whether each call's result was stored when it died there.
    fn stored(&self, visits: &[String], at: usize) -> [bool; 3] {
        let step = if self.strategy.is_in_transaction() { "commit" } else { "complete" };
        let is_past = |number| {
            let stored = format!("after {step} {number}");
            visits[..=at].contains(&stored)
        };
        [is_past(1), false, is_past(2)]
    }
}
