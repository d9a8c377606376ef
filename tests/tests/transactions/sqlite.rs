//! A file is locked as a whole.

use std::sync::Arc;
use std::time::{Duration, Instant};

use idem::{Error, Outcome};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{Sqlite, Transaction};

use crate::bank::{self, Bank, Driver, PLAN, SOON, key};

/// The same file, by connections that wait so long for it.
fn patient_for(bank: &Bank<Sqlite>, busy: Duration) -> Bank<Sqlite> {
    let options: SqliteConnectOptions = bank.url.parse().unwrap();
    let pool = SqlitePoolOptions::new().connect_lazy_with(options.busy_timeout(busy));
    Bank { pool, ..bank.clone() }
}

async fn deferred(bank: &Bank<Sqlite>) -> Transaction<'static, Sqlite> {
    bank.pool.begin().await.unwrap()
}

/// One that has not read yet waits for as long as its connection does.
#[tokio::test]
async fn a_rival_waits_for_the_file_and_is_a_conflict() {
    let bank = bank::sqlite().await;
    let idem = bank.engine().await;
    let mut first = bank.begin().await;
    bank.pay(&idem, &mut first, 1, 10).await.0.unwrap();
    let busy = Duration::from_millis(200);
    let rival = patient_for(&bank, busy);
    for number in [1, 2] {
        let mut tx = deferred(&rival).await;
        let asked = Instant::now();
        let (answer, _) = rival.pay(&idem, &mut tx, number, 11).await;
        assert!(matches!(answer, Err(Error::Conflict { .. })), "{answer:?}");
        assert!(asked.elapsed() >= busy, "{:?}", asked.elapsed());
    }
    first.commit().await.unwrap();
    let mut tx = deferred(&rival).await;
    assert_eq!(rival.pay(&idem, &mut tx, 1, 11).await.0.unwrap(), 10);
}

/// One that has read can't wait: its snapshot would be the older one.
#[tokio::test]
async fn a_deferred_transaction_that_has_read_is_a_conflict_at_once() {
    let bank = bank::sqlite().await;
    let idem = bank.engine().await;
    // Whose connection waits for a minute.
    let mut tx = deferred(&bank).await;
    Sqlite::number(&mut tx, format!("select count(*) from {}", bank.entries)).await.unwrap();
    for commit in [false, true] {
        let mut first = bank.begin().await;
        bank.pay(&idem, &mut first, 1, 10).await.0.unwrap();
        if commit {
            first.commit().await.unwrap();
        }
        let asked = Instant::now();
        let (answer, _) = bank.pay(&idem, &mut tx, 1, 11).await;
        assert!(matches!(answer, Err(Error::Conflict { .. })), "{answer:?}");
        assert!(asked.elapsed() < SOON / 2, "{:?}", asked.elapsed());
    }
    drop(tx);
    let mut again = deferred(&bank).await;
    assert_eq!(bank.pay(&idem, &mut again, 1, 12).await.0.unwrap(), 10);
}

/// With `wait` it tries again, until its time is over or the file is free.
#[tokio::test]
async fn a_waiter_tries_the_file_again() {
    let bank = bank::sqlite().await;
    let idem = bank.engine().await;
    let mut first = bank.begin().await;
    bank.pay(&idem, &mut first, 1, 10).await.0.unwrap();
    let rival = patient_for(&bank, Duration::ZERO);
    let mut tx = deferred(&rival).await;
    let plan = PLAN.wait(SOON);
    let waiting = Sqlite::call(&idem, &mut tx, &plan, key(1), rival.body(11));
    let ((answer, outcome), ()) = tokio::join!(waiting, async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        first.commit().await.unwrap();
    });
    assert_eq!((answer.unwrap(), outcome), (10, Outcome::Waited));
}

/// H60, for those that begin with the lock.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn thirty_two_writers_never_see_the_file_locked() {
    let bank = bank::sqlite().await;
    let start = Arc::new(tokio::sync::Barrier::new(32));
    let writers: Vec<_> = (0..32_u64)
        .map(|writer| {
            let (bank, start) = (bank.clone(), Arc::clone(&start));
            tokio::spawn(async move {
                let idem = bank.engine().await;
                start.wait().await;
                for call in 0..5 {
                    let mut tx = bank.begin().await;
                    bank.pay(&idem, &mut tx, writer * 100 + call, 10).await.0.unwrap();
                    tx.commit().await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(bank.entries().await, 160);
}
