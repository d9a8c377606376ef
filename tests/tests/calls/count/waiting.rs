//! Duplicates that wait for an attempt, and many at once.

use std::sync::Arc;
use std::time::Duration;

use idem::{Error, Idem, OnErr, Outcome, Plan};
use kit::place::Place;
use tokio::task::JoinHandle;

use super::{Answer, ONCE, call, fail, is_exhausted, key, lapsed};
use crate::support::{Runs, SOON, orphan, two_engines};

on_every_counter! {
    a_waiter_gets_what_the_attempt_stores
    a_waiter_is_told_when_the_last_attempt_ends_without_a_result
    a_waiter_is_the_next_attempt_where_there_is_one
    of_fifty_at_once_one_runs
    of_fifty_at_once_no_more_run_than_the_limit_has
}

/// A waiting call in its own task.
fn waiting(idem: &Idem, plan: Plan, runs: &Arc<Runs>) -> JoinHandle<Answer> {
    let (idem, runs) = (idem.clone(), Arc::clone(runs));
    tokio::spawn(async move { call(&idem, plan.wait(SOON), &runs).await })
}

async fn a_waiter_gets_what_the_attempt_stores(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    let runs = Arc::new(Runs::default());
    let body = async {
        let waiters = [&idem, &elsewhere, &elsewhere].map(|engine| waiting(engine, ONCE, &runs));
        tokio::time::sleep(Duration::from_millis(100)).await;
        Ok::<_, Error>(waiters)
    };
    let mut waiters = None;
    let owner = async {
        waiters = Some(body.await?);
        Ok::<usize, Error>(42)
    };
    assert_eq!(idem.call(&ONCE, key(), owner).await.unwrap(), 42);
    for waiter in waiters.unwrap() {
        let (answer, outcome) = waiter.await.unwrap();
        assert_eq!(answer.unwrap(), 42);
        assert!(matches!(outcome, Outcome::Waited | Outcome::Replayed { .. }), "{outcome:?}");
    }
    assert_eq!(runs.count(), 0);
}

/// In the owner's process, in another, and several there, of which one polls for the others.
async fn a_waiter_is_told_when_the_last_attempt_ends_without_a_result(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    let runs = Arc::new(Runs::default());
    let body = async {
        let waiters: Vec<_> = [&idem, &idem, &elsewhere, &elsewhere, &elsewhere]
            .into_iter()
            .map(|engine| waiting(engine, ONCE, &runs))
            .collect();
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(waiters.iter().all(|waiter| !waiter.is_finished()), "an attempt is live");
        Ok::<_, Error>(waiters)
    };
    let mut waiters = None;
    let owner = async {
        waiters = Some(body.await?);
        Err::<usize, _>(Error::outage("the body's own"))
    };
    idem.call(&ONCE, key(), owner).await.unwrap_err();
    for waiter in waiters.unwrap() {
        let answer = tokio::time::timeout(SOON, waiter).await.expect("told").unwrap();
        assert!(is_exhausted(&answer, 1), "{answer:?}");
    }
    assert_eq!(runs.count(), 0);
}

async fn a_waiter_is_the_next_attempt_where_there_is_one(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    let runs = Arc::new(Runs::default());
    let plan = ONCE.limit(2);
    orphan(&idem, &plan).await;
    let waiters = [&idem, &elsewhere].map(|engine| waiting(engine, plan, &runs));
    for waiter in waiters {
        assert_eq!(waiter.await.unwrap().0.unwrap(), 1);
    }
    assert_eq!(runs.count(), 1);
}

/// C100
async fn of_fifty_at_once_one_runs(place: Place) {
    let engines = [place.engine().await, place.engine().await, place.engine().await];
    let runs = Arc::new(Runs::default());
    let calls: Vec<_> = (0..50).map(|at| waiting(&engines[at % 3], ONCE, &runs)).collect();
    for call in calls {
        assert_eq!(call.await.unwrap().0.unwrap(), 1);
    }
    assert_eq!(runs.count(), 1);
}

/// Every attempt fails with an unknown outcome: each is spent, one after the other, and no more
/// than the limit has.
async fn of_fifty_at_once_no_more_run_than_the_limit_has(place: Place) {
    let engines = [place.engine().await, place.engine().await];
    let runs = Arc::new(Runs::default());
    let plan = ONCE.limit(3).wait(SOON);
    let calls: Vec<_> = (0..50)
        .map(|at| {
            let (idem, runs) = (engines[at % 2].clone(), Arc::clone(&runs));
            tokio::spawn(async move { fail(&idem, plan, &runs).await })
        })
        .collect();
    let mut exhausted = 0;
    for call in calls {
        exhausted += usize::from(matches!(call.await.unwrap(), Error::Exhausted { .. }));
    }
    assert_eq!((runs.count(), exhausted), (3, 47));
    lapsed(&engines[0]).await;
    let released = call(&engines[1], plan.on_err(OnErr::Release), &runs).await;
    assert!(is_exhausted(&released, 3), "{released:?}");
}
