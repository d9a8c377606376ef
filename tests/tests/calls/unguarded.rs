//! Bodies that run without a claim: what holds for every other body holds for them.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use idem::{Attempt, Error, Idem, Outcome, Plan, Returns, with_outcome};

use crate::support::{SOON, begun};

const PLAN: Plan = Plan::setnx();

async fn disabled() -> Idem {
    Idem::builder().disabled().build().await.unwrap()
}

#[tokio::test]
async fn an_attempt_is_told_when_its_caller_leaves() {
    let idem = disabled().await;
    let taken: Arc<Mutex<Option<Attempt>>> = Arc::default();
    let one = 1;
    let body = async {
        *taken.lock().unwrap() = Some(idem::attempt());
        std::future::pending::<Result<usize, Error>>().await
    };
    let call = idem.call(&PLAN, idem::key!("op:{one}"), body);
    let call = begun(call, || taken.lock().unwrap().is_some()).await;
    let attempt = taken.lock().unwrap().clone().unwrap();
    assert!(!attempt.is_cancelled());
    drop(call);
    tokio::time::timeout(SOON, attempt.cancelled()).await.expect("told that its caller left");
}

#[tokio::test]
async fn an_attempt_that_has_ended_well_is_not_cancelled() {
    let (idem, one) = (disabled().await, 1);
    let body = async { Ok::<_, Error>(Mutex::new(Some(idem::attempt()))) };
    let returns = Returns::<Result<_, Error>>::new(Err);
    let attempt = idem.call_with(&PLAN, idem::key!("op:{one}"), returns, body).await.unwrap();
    assert!(!attempt.into_inner().unwrap().unwrap().is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn a_body_does_not_outrun_its_max_runtime() {
    let idem = disabled().await;
    let plan = PLAN.max_runtime(Duration::from_secs(5));
    let one = 1;
    let body = || std::future::pending::<Result<usize, Error>>();
    let began = tokio::time::Instant::now();
    let call = with_outcome(idem.call(&plan, idem::key!("op:{one}"), body()));
    let (answer, outcome) = tokio::time::timeout(SOON, call).await.expect("an answer");
    assert!(matches!(answer, Err(Error::TimedOut { .. })), "{answer:?}");
    assert_eq!((outcome, began.elapsed()), (Outcome::Refused, Duration::from_secs(5)));
    let returns = Returns::<Result<usize, Error>>::new(Err);
    let call = idem.call_detached(&plan, idem::key!("op:{one}"), returns, body());
    let answer = tokio::time::timeout(SOON, call).await.expect("an answer");
    assert!(matches!(answer, Err(Error::TimedOut { .. })), "{answer:?}");
}

/// What would not run with a store does not run without: no surprise on the day it is enabled.
#[test]
fn outside_of_tokio_nothing_runs() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (idem, one) = (runtime.block_on(disabled()), 1);
    let returns = Returns::<Result<usize, Error>>::new(Err);
    let call = pin!(idem.call_detached(&PLAN, idem::key!("op:{one}"), returns, async { Ok(1) }));
    let Poll::Ready(answer) = call.poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("at once")
    };
    assert!(matches!(answer, Err(Error::Config { .. })), "{answer:?}");
}
