//! Several transactions at once, of one key.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use idem::{Error, OnErr, Plan};
use tokio::sync::Barrier;

use crate::bank::{Bank, Driver, PLAN, SOON, end, key};

on_every_database! {
    many_at_once_are_one_effect
    many_that_wait_are_one_effect
    many_of_which_some_roll_back_are_one_effect
    many_over_a_claim_that_has_lapsed_are_one_effect
    many_over_what_has_expired_are_one_effect
    a_sweep_is_no_call_in_flight
    a_sweep_waits_for_no_call
}

/// Runs so many transactions at once, each with one call of the same key, and commits those that
/// `commits` picks. Returns what each came to.
async fn race<DB: Driver>(
    bank: &Bank<DB>,
    plan: Plan,
    calls: usize,
    commits: fn(usize) -> bool,
) -> Vec<Result<i64, Error>> {
    let start = Arc::new(Barrier::new(calls));
    let mut racing = Vec::new();
    for at in 0..calls {
        let (bank, start) = (bank.clone(), Arc::clone(&start));
        let idem = bank.engine().await;
        racing.push(tokio::spawn(async move {
            start.wait().await;
            let mut tx = bank.begin().await;
            let body = bank.body(10);
            let (answer, _) = DB::call(&idem, &mut tx, &plan, key(1), body).await;
            end(tx, commits(at)).await;
            answer
        }));
    }
    let mut answers = Vec::new();
    for call in racing {
        answers.push(call.await.unwrap());
    }
    answers
}

async fn many_at_once_are_one_effect<DB: Driver>(bank: Bank<DB>) {
    for answer in race(&bank, PLAN, 100, |_| true).await {
        match answer {
            Ok(value) => assert_eq!(value, 10),
            Err(error) => assert!(matches!(error, Error::InFlight { .. }), "{error:?}"),
        }
    }
    assert_eq!((bank.entries().await, bank.records().await), (1, 1));
}

async fn many_that_wait_are_one_effect<DB: Driver>(bank: Bank<DB>) {
    for answer in race(&bank, PLAN.wait(SOON), 50, |_| true).await {
        assert_eq!(answer.unwrap(), 10);
    }
    assert_eq!((bank.entries().await, bank.records().await), (1, 1));
}

/// H59 among others: those that wait while others roll back end in no deadlock.
async fn many_of_which_some_roll_back_are_one_effect<DB: Driver>(bank: Bank<DB>) {
    for answer in race(&bank, PLAN.wait(SOON), 50, |at| at % 2 == 0).await {
        assert_eq!(answer.unwrap(), 10);
    }
    assert_eq!((bank.entries().await, bank.records().await), (1, 1));
}

async fn many_over_a_claim_that_has_lapsed_are_one_effect<DB: Driver>(bank: Bank<DB>) {
    let idem = bank.engine().await;
    let held = PLAN.lease(Duration::from_millis(100)).on_err(OnErr::Hold);
    let body = async { Err::<i64, _>(Error::outage("unknown")) };
    idem.call(&held, key(1), body).await.unwrap_err();
    kit::wait_for("its lease to lapse", SOON, async || {
        idem.get(&key(1)).await.unwrap().unwrap().lease_left.is_none()
    })
    .await;
    for answer in race(&bank, PLAN, 50, |_| true).await {
        match answer {
            Ok(value) => assert_eq!(value, 10),
            Err(error) => assert!(matches!(error, Error::InFlight { .. }), "{error:?}"),
        }
    }
    assert_eq!((bank.entries().await, bank.records().await), (1, 1));
}

async fn many_over_what_has_expired_are_one_effect<DB: Driver>(bank: Bank<DB>) {
    let idem = bank.builder().sweep_every(Duration::ZERO).build().await.unwrap();
    let brief = Plan::db().ttl(Duration::from_secs(2));
    idem.call(&brief, key(1), async { Ok::<i64, Error>(9) }).await.unwrap();
    kit::wait_for("its record to expire", SOON, async || {
        idem.get(&key(1)).await.unwrap().is_none()
    })
    .await;
    for answer in race(&bank, PLAN, 50, |_| true).await {
        match answer {
            Ok(value) => assert_eq!(value, 10),
            Err(error) => assert!(matches!(error, Error::InFlight { .. }), "{error:?}"),
        }
    }
    assert_eq!((bank.entries().await, bank.records().await), (1, 1));
}

/// What a sweep locks for an instant is not taken for a rival of a key that is free.
async fn a_sweep_is_no_call_in_flight<DB: Driver>(bank: Bank<DB>) {
    let idem = bank.engine().await;
    let stop = Arc::new(AtomicBool::new(false));
    let sweepers: Vec<_> = (0..2)
        .map(|_| {
            let (idem, stop) = (idem.clone(), Arc::clone(&stop));
            tokio::spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    idem.sweep().await.unwrap();
                }
            })
        })
        .collect();
    let brief = Plan::db().ttl(Duration::from_millis(5));
    for number in 0..300 {
        let mut tx = bank.begin().await;
        let plan = if number % 2 == 0 { PLAN } else { brief };
        let (answer, _) = DB::call(&idem, &mut tx, &plan, key(number), bank.body(10)).await;
        assert_eq!(answer.unwrap(), 10, "{number}");
        tx.commit().await.unwrap();
    }
    stop.store(true, Ordering::SeqCst);
    for sweeper in sweepers {
        sweeper.await.unwrap();
    }
}

async fn a_sweep_waits_for_no_call<DB: Driver>(bank: Bank<DB>) {
    let idem = bank.engine().await;
    // Where a file is locked and not a row, a sweep that finds nothing to delete asks for no lock.
    let expired = u64::from(DB::BEGIN != "begin immediate");
    for number in 0..expired {
        let mut tx = bank.begin().await;
        let brief = Plan::db().ttl(Duration::from_millis(5));
        let (answer, _) = DB::call(&idem, &mut tx, &brief, key(number), bank.body(10)).await;
        assert_eq!(answer.unwrap(), 10);
        tx.commit().await.unwrap();
    }
    let mut tx = bank.begin().await;
    let (answer, _) = DB::call(&idem, &mut tx, &PLAN, key(9), bank.body(10)).await;
    assert_eq!(answer.unwrap(), 10);
    kit::wait_for("a sweep", SOON, async || idem.sweep().await.unwrap() == expired).await;
    tx.commit().await.unwrap();
}
