//! Several transactions at once, of one key.

use std::sync::Arc;

use idem::{Error, Plan};
use tokio::sync::Barrier;

use crate::bank::{Bank, Driver, PLAN, SOON, key};

on_every_database! {
    many_at_once_are_one_effect
    many_that_wait_are_one_effect
    many_of_which_some_roll_back_are_one_effect
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
            if commits(at) {
                tx.commit().await.unwrap()
            } else {
                tx.rollback().await.unwrap()
            }
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
