//! Attempts that are counted: in Redis and Valkey, in each way of speaking.

mod commands;
mod crashes;
mod full;
mod late;
mod lost_replies;
mod processes;

use std::time::Duration;

use idem::{Error, Plan};

/// One attempt a window.
const ONCE: Plan = Plan::count();
/// A lease that a test can wait for.
const SHORT: Duration = Duration::from_millis(300);

fn is_exhausted<T>(answer: &Result<T, Error>) -> bool {
    matches!(answer, Err(Error::Exhausted { .. }))
}
