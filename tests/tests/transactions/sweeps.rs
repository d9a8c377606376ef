//! Expired records that a transaction has taken over, which is open for long: a sweep ends in its time,
//! and deletes the others when it can.

use std::time::{Duration, Instant};

use idem::{Error, Outcome, Plan};

use crate::bank::{Bank, Driver, PLAN, SOON, end, key};

on_every_database! {
    what_an_open_transaction_has_taken_over_stays_if_that_commits
    what_an_open_transaction_has_taken_over_goes_if_that_rolls_back
}

const EXPIRED: u64 = 20;
/// A sweep's own.
const TIMEOUT: Duration = Duration::from_secs(2);

async fn what_an_open_transaction_has_taken_over_stays_if_that_commits<DB: Driver>(bank: Bank<DB>) {
    sweep_beside_a_transaction(bank, true).await;
}

async fn what_an_open_transaction_has_taken_over_goes_if_that_rolls_back<DB: Driver>(
    bank: Bank<DB>,
) {
    sweep_beside_a_transaction(bank, false).await;
}

async fn sweep_beside_a_transaction<DB: Driver>(bank: Bank<DB>, commits: bool) {
    let idem = bank.builder().sweep_every(Duration::ZERO).build().await.unwrap();
    let sweeper = bank.builder().sweep_every(Duration::ZERO).timeout(TIMEOUT);
    let sweeper = sweeper.build().await.unwrap();
    let brief = PLAN.ttl(Duration::from_millis(5));
    for number in 0..EXPIRED {
        call(&bank, &idem, brief, number).await;
    }
    call(&bank, &idem, PLAN, EXPIRED).await;
    kit::wait_for("all to expire", SOON, async || {
        idem.get(&key(EXPIRED - 1)).await.unwrap().is_none()
    })
    .await;

    // One in the middle of them: a sweep begins with the first that has expired.
    let mut tx = bank.begin().await;
    let (answer, outcome) = DB::call(&idem, &mut tx, &PLAN, key(7), bank.body(10)).await;
    assert_eq!(answer.unwrap(), 10);
    assert!(matches!(outcome, Outcome::Ran { .. }), "{outcome:?}");
    let begun = Instant::now();
    let mut swept = match sweeper.sweep().await {
        Ok(swept) => swept,
        // The file is locked, and not the row.
        Err(Error::Outage { .. }) if DB::BEGIN == "begin immediate" => 0,
        Err(error) => panic!("{error:?}"),
    };
    assert!(begun.elapsed() < TIMEOUT + Duration::from_secs(2), "{:?}", begun.elapsed());
    end(tx, commits).await;

    let expired = EXPIRED - u64::from(commits);
    kit::wait_for("the others to go", SOON, async || {
        swept += sweeper.sweep().await.unwrap();
        swept >= expired
    })
    .await;
    assert_eq!((swept, sweeper.sweep().await.unwrap()), (expired, 0));
    assert_eq!(bank.records().await, 1 + i64::from(commits));
    // Both that are left answer, and what has gone runs again.
    for (number, replays) in [(7, commits), (EXPIRED, true), (8, false)] {
        let outcome = call(&bank, &idem, PLAN, number).await;
        assert_eq!(matches!(outcome, Outcome::Replayed { .. }), replays, "{number}: {outcome:?}");
    }
}

async fn call<DB: Driver>(bank: &Bank<DB>, idem: &idem::Idem, plan: Plan, number: u64) -> Outcome {
    let mut tx = bank.begin().await;
    let (answer, outcome) = DB::call(idem, &mut tx, &plan, key(number), bank.body(10)).await;
    assert_eq!(answer.unwrap(), 10);
    tx.commit().await.unwrap();
    outcome
}
