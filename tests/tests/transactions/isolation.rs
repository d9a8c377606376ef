//! The caller's isolation level, and what a snapshot can't see.

use std::sync::Arc;

use idem::{Error, Outcome};
use kit::database::{Kind, Server};
use sqlx::error::DatabaseError;
use sqlx::{MySql, Postgres, Transaction};
use tokio::sync::Barrier;

use crate::bank::{self, Bank, Driver, PLAN, key};

const LEVELS: [&str; 3] = ["read committed", "repeatable read", "serializable"];

async fn begin(bank: &Bank<Postgres>, level: &'static str) -> Transaction<'static, Postgres> {
    let begin = match level {
        "read committed" => "begin isolation level read committed",
        "repeatable read" => "begin isolation level repeatable read",
        _ => "begin isolation level serializable",
    };
    bank.pool.begin_with(begin).await.unwrap()
}

/// What a caller does: the whole of it again while it conflicts. Also at its commit, where a
/// serializable one may be told so as well.
async fn until_committed(bank: &Bank<Postgres>, level: &'static str) -> Result<i64, Error> {
    let idem = bank.engine().await;
    loop {
        let mut tx = begin(bank, level).await;
        match bank.pay(&idem, &mut tx, 1, 10).await.0 {
            Err(Error::Conflict { .. }) => {}
            Err(error) => return Err(error),
            Ok(value) => match tx.commit().await {
                Ok(()) => return Ok(value),
                Err(error) => {
                    let code = error.as_database_error().and_then(DatabaseError::code).unwrap();
                    assert_eq!(code, "40001");
                }
            },
        }
    }
}

/// H58
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_effect_at_each_level() {
    for level in LEVELS {
        let bank = bank::postgres().await;
        let start = Arc::new(Barrier::new(40));
        let racing: Vec<_> = (0..40)
            .map(|_| {
                let (bank, start) = (bank.clone(), Arc::clone(&start));
                tokio::spawn(async move {
                    start.wait().await;
                    until_committed(&bank, level).await
                })
            })
            .collect();
        for call in racing {
            match call.await.unwrap() {
                Ok(value) => assert_eq!(value, 10),
                Err(error) => assert!(matches!(error, Error::InFlight { .. }), "{error:?}"),
            }
        }
        assert_eq!((bank.entries().await, bank.records().await), (1, 1), "{level}");
        assert_eq!(until_committed(&bank, level).await.unwrap(), 10);
    }
}

/// A winner that has committed since the snapshot is no call in flight: asking again in it can't help.
#[tokio::test]
async fn a_snapshot_that_cant_see_the_winner_is_a_conflict() {
    for level in LEVELS {
        let bank = bank::postgres().await;
        let idem = bank.engine().await;
        let mut old = begin(&bank, level).await;
        Postgres::number(&mut old, "select 1::bigint".to_owned()).await.unwrap();
        let mut tx = bank.begin().await;
        bank.pay(&idem, &mut tx, 1, 10).await.0.unwrap();
        tx.commit().await.unwrap();
        let (answer, _) = bank.pay(&idem, &mut old, 1, 11).await;
        if level == "read committed" {
            assert_eq!(answer.unwrap(), 10);
        } else {
            let error = answer.unwrap_err();
            assert!(matches!(error, Error::Conflict { .. }), "{level}: {error:?}");
            assert!(error.is_retryable());
        }
        drop(old);
        assert_eq!(until_committed(&bank, level).await.unwrap(), 10);
        assert_eq!(bank.entries().await, 1);
    }
}

/// The same while the caller waits for the winner.
#[tokio::test]
async fn a_snapshot_that_waits_for_the_winner_is_a_conflict() {
    let bank = bank::postgres().await;
    let idem = bank.engine().await;
    let mut first = bank.begin().await;
    bank.pay(&idem, &mut first, 1, 10).await.0.unwrap();
    let mut second = begin(&bank, "repeatable read").await;
    let plan = PLAN.wait(bank::SOON);
    let waiting = Postgres::call(&idem, &mut second, &plan, key(1), bank.body(11));
    let ((answer, _), ()) = tokio::join!(waiting, async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        first.commit().await.unwrap();
    });
    assert!(matches!(answer, Err(Error::Conflict { .. })), "{answer:?}");
}

/// It stays as it was: open, and failed. What is written into it from there on does not commit.
#[tokio::test]
async fn a_transaction_that_has_failed_before_stays_failed() {
    let bank = bank::postgres().await;
    let idem = bank.engine().await;
    for inner in [false, true] {
        let mut outer = bank.begin().await;
        bank.enter(&mut outer, 1).await;
        let refused = async |tx: &mut Transaction<'_, Postgres>| {
            Postgres::execute(tx, "select no_such_column".to_owned()).await.unwrap_err();
            let (answer, _) = bank.pay(&idem, tx, 1, 10).await;
            assert!(matches!(answer, Err(Error::Conflict { .. })), "{answer:?}");
            let after = Postgres::execute(tx, format!("insert into {} values (2)", bank.entries));
            let code = after.await.unwrap_err();
            assert_eq!(code.as_database_error().unwrap().code().unwrap(), "25P02");
        };
        if inner {
            let mut tx = sqlx::Acquire::begin(&mut outer).await.unwrap();
            refused(&mut tx).await;
            tx.rollback().await.unwrap();
            bank.enter(&mut outer, 3).await;
        } else {
            refused(&mut outer).await;
        }
        outer.commit().await.unwrap();
    }
    for (value, entries) in [(1, 1), (2, 0), (3, 1), (10, 0)] {
        assert_eq!(bank.entries_of(value).await, entries, "{value}");
    }
}

/// `InnoDB` reads what is newest where it locks, so the winner is seen behind a snapshot, too.
#[tokio::test]
async fn mariadb_sees_the_winner_behind_a_snapshot() {
    let bank = bank::mariadb().await;
    let idem = bank.engine().await;
    let mut old = bank.begin().await;
    let records = format!("select count(*) from {}", bank.table);
    assert_eq!(MySql::number(&mut old, records.clone()).await.unwrap(), 0);
    let mut tx = bank.begin().await;
    bank.pay(&idem, &mut tx, 1, 10).await.0.unwrap();
    tx.commit().await.unwrap();
    let (answer, outcome) = bank.pay(&idem, &mut old, 1, 11).await;
    assert_eq!(answer.unwrap(), 10);
    assert!(matches!(outcome, Outcome::Replayed { .. }), "{outcome:?}");
    assert_eq!(MySql::number(&mut old, records).await.unwrap(), 0, "the snapshot is the caller's");
    old.commit().await.unwrap();
    assert_eq!(bank.entries().await, 1);
}

/// Unless it is told to keep to the snapshot: error 1020.
#[tokio::test]
async fn a_mariadb_that_isolates_snapshots_is_a_conflict() {
    let server = Server::start_with(Kind::MariaDb, &[("innodb-snapshot-isolation", "1")]);
    let bank = bank::mariadb_at(server.url(), "records".to_owned(), "entries".to_owned());
    let bank = bank.made().await;
    let idem = bank.engine().await;
    let mut old = bank.begin().await;
    let records = format!("select count(*) from {}", bank.table);
    assert_eq!(MySql::number(&mut old, records).await.unwrap(), 0);
    let mut tx = bank.begin().await;
    bank.pay(&idem, &mut tx, 1, 10).await.0.unwrap();
    tx.commit().await.unwrap();
    let (answer, _) = bank.pay(&idem, &mut old, 1, 11).await;
    assert!(matches!(answer, Err(Error::Conflict { .. })), "{answer:?}");
    drop(old);
    let mut again = bank.begin().await;
    assert_eq!(bank.pay(&idem, &mut again, 1, 12).await.0.unwrap(), 10);
}
