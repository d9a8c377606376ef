//! Processes that end at any point, wires that are cut at any byte, requests that come late, two faults
//! at once, and storms: what each strategy promises holds on each store that it has. The
//! [oracle](kit::oracle) says so.

mod away;
mod barred;
mod ending;
mod late;
mod points;
mod sender;
mod stage;
mod stores;
mod storms;
mod wires;

use std::time::Duration;

use kit::oracle::Promise;
use kit::worker::{LEASE, LIMIT, Strategy};
use tokio::sync::Semaphore;

/// For what comes in a moment unless something is broken, on a machine that is busy.
const SOON: Duration = Duration::from_mins(1);
/// Within so long of the end of the faults, every key has its result.
const SETTLED: Duration = LEASE.saturating_add(Duration::from_secs(5));

/// So many of these tests at once, each with several processes: with more of them the machine would be
/// what is tested.
static TURNS: Semaphore = Semaphore::const_new(4);

/// Whether a suite takes the time to try everything (`tests/run --long`).
fn is_long() -> bool {
    std::env::var_os("IDEM_TESTS_LONG").is_some()
}

/// What a strategy promises of its keys, where a database has `committed` these.
fn promise(strategy: Strategy, committed: Vec<(String, String)>) -> Promise {
    match strategy {
        Strategy::Count => Promise::Limit(LIMIT as usize),
        _ if strategy.is_in_transaction() => Promise::Committed(committed),
        _ => Promise::Lease,
    }
}
