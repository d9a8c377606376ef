//! The window that attempts are counted in. Memory's clock is the test's; what a server's does is
//! held by the conformance suite.

use std::time::Duration;

use idem::{Error, Idem, OnErr, Outcome, Plan};
use kit::faulty::{Fault, Step};
use tokio::time::{Instant, advance, sleep};

use super::{call, fail, is_exhausted, key};
use crate::support::{Runs, faulty, is_in_flight, orphan};

const LEASE: Duration = Duration::from_secs(30);
const WINDOW: Duration = Duration::from_hours(1);
const PLAN: Plan = Plan::count().ttl(WINDOW).lease(LEASE);
const TICK: Duration = Duration::from_millis(1);
/// All of the window but a tick.
const NEARLY: Duration = WINDOW.saturating_sub(TICK);

#[tokio::test(start_paused = true)]
async fn attempts_are_counted_anew_when_the_window_is_over() {
    let idem = Idem::in_memory();
    let runs = Runs::default();
    let begun = Instant::now();
    orphan(&idem, &PLAN.limit(2)).await;
    advance(WINDOW / 2).await;
    fail(&idem, PLAN.limit(2), &runs).await;
    // Neither a second attempt nor one that is given back moves it.
    advance(NEARLY.saturating_sub(begun.elapsed())).await;
    assert!(is_exhausted(&call(&idem, PLAN.limit(2), &runs).await, 2));
    advance(TICK).await;
    let (answer, outcome) = call(&idem, PLAN.limit(2), &runs).await;
    assert_eq!(answer.unwrap(), 2);
    assert!(matches!(outcome, Outcome::Ran { attempt: 1, .. }), "{outcome:?}");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_is_given_back_moves_no_window() {
    let idem = Idem::in_memory();
    let runs = Runs::default();
    let released = PLAN.on_err(OnErr::Release);
    fail(&idem, released, &runs).await;
    advance(WINDOW / 2).await;
    fail(&idem, released, &runs).await;
    advance(NEARLY.saturating_sub(WINDOW / 2)).await;
    assert_eq!(idem.get(&key()).await.unwrap().unwrap().attempts, 2);
    advance(TICK).await;
    assert!(idem.get(&key()).await.unwrap().is_none());
}

/// What runs when its window ends is not run beside, and answers from its completion on.
#[tokio::test(start_paused = true)]
async fn a_window_outlives_a_running_attempt() {
    let idem = Idem::in_memory();
    let runs = Runs::default();
    let body = async {
        for _ in 0..10 {
            sleep(WINDOW / 4).await;
            let other = idem.clone();
            let beside = async move {
                let answer = other.call(&PLAN, key(), async { Ok::<usize, Error>(1) }).await;
                assert!(is_in_flight(&answer), "{answer:?}");
            };
            tokio::spawn(beside).await.unwrap();
        }
        runs.body().await
    };
    let (answer, outcome) = idem::with_outcome(idem.call(&PLAN, key(), body)).await;
    assert_eq!(answer.unwrap(), 1);
    assert!(matches!(outcome, Outcome::Ran { stored: true, .. }), "{outcome:?}");
    advance(NEARLY).await;
    assert_eq!(call(&idem, PLAN, &runs).await.0.unwrap(), 1);
    advance(TICK).await;
    assert_eq!(call(&idem, PLAN, &runs).await.0.unwrap(), 2);
}

/// A completion that comes after the window is no result of the next one.
#[tokio::test(start_paused = true)]
async fn a_completion_after_the_window_is_lost() {
    let (store, idem) = faulty().await;
    store.always(Step::Renew, Fault::Undone);
    let runs = Runs::default();
    let body = async {
        sleep(WINDOW + TICK).await;
        Ok::<usize, Error>(9)
    };
    let (answer, outcome) = idem::with_outcome(idem.call(&PLAN, key(), body)).await;
    assert_eq!(answer.unwrap(), 9);
    assert!(matches!(outcome, Outcome::Ran { stored: false, .. }), "{outcome:?}");
    assert_eq!(call(&idem, PLAN, &runs).await.0.unwrap(), 1);
}

/// The window ends between judging and claiming: the attempt is the first of the next one.
#[tokio::test(start_paused = true)]
async fn an_attempt_is_counted_in_the_window_that_it_is_made_in() {
    let (store, idem) = faulty().await;
    orphan(&idem, &PLAN.limit(2)).await;
    advance(NEARLY).await;
    let judged = store.hold_answer(Step::Claim);
    let late = idem.clone();
    let call = tokio::spawn(async move {
        let body = async { Ok::<_, Error>(late.get(&key()).await?.unwrap().spent) };
        late.call(&PLAN.limit(2), key(), body).await
    });
    let mut judged = judged;
    judged.reached().await;
    advance(2 * TICK).await;
    judged.go();
    assert_eq!(call.await.unwrap().unwrap(), Some(1));
    assert_eq!(store.asked(Step::Claim), 4, "{:?}", store.steps());
}
