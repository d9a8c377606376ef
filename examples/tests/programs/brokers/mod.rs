//! Messages that come again, from real brokers: to the examples `rabbit` and `streams` as their
//! users run them, and to the loop of `rabbit` around handlers of this suite.

mod database;
mod process;
mod rabbit;
mod streams;

use std::time::Duration;

/// For what comes in a moment unless something is broken.
const SOON: Duration = Duration::from_secs(30);
