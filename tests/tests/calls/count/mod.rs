//! Attempts that are counted.

mod limit;
mod refused;
mod waiting;
mod window;

use std::time::Duration;

use idem::{Error, Idem, Key, Outcome, Plan, with_outcome};

use crate::support::{Runs, SOON};

/// One attempt a window, with a lease that a test can wait for in real time.
const ONCE: Plan = Plan::count().ttl(Duration::from_mins(10)).lease(Duration::from_millis(400));

type Answer = (Result<usize, Error>, Outcome);

fn key() -> Key {
    let one = 1;
    idem::key!("op:{one}")
}

/// A call whose body counts itself and succeeds.
async fn call(idem: &Idem, plan: Plan, runs: &Runs) -> Answer {
    with_outcome(idem.call(&plan, key(), runs.body())).await
}

/// A call whose body counts itself and fails.
async fn fail(idem: &Idem, plan: Plan, runs: &Runs) -> Error {
    let body = async {
        runs.next();
        Err::<usize, _>(Error::outage("the body's own"))
    };
    idem.call(&plan, key(), body).await.unwrap_err()
}

fn is_own(error: &Error) -> bool {
    error.to_string().contains("the body's own")
}

fn is_exhausted(answer: &Answer, of: u32) -> bool {
    matches!(&answer.0, Err(Error::Exhausted { key, limit, .. }) if key == "op:1" && *limit == of)
}

/// Waits until no attempt is live any more.
async fn lapsed(idem: &Idem) {
    kit::wait_for("the lease to lapse", SOON, async || {
        idem.get(&key()).await.unwrap().is_some_and(|entry| entry.lease_left.is_none())
    })
    .await;
}
