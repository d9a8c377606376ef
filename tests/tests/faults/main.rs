//! Processes that end at any point, wires that are cut at any byte, and storms of both: what each
//! strategy promises holds on each store that it has. The [oracle](kit::oracle) says so.

mod points;
mod stores;

use std::time::Duration;

/// For what comes in a moment unless something is broken, on a machine that is busy.
const SOON: Duration = Duration::from_mins(1);

#[expect(dead_code, reason = "for the suites to come")]
/// Whether a suite takes the time to try everything (`tests/run --long`).
fn is_long() -> bool {
    std::env::var_os("IDEM_TESTS_LONG").is_some()
}
