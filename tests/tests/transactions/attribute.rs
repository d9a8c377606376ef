//! `#[idempotent(strategy = "db", tx = …)]`.

use idem::{Error, Idem, idempotent};
use sqlx::{PgTransaction, Postgres, Transaction};

use crate::bank::{self, Bank};

#[idempotent(key = "pay:{number}", strategy = "db", tx = tx, engine = idem, fingerprint(value))]
async fn pay(
    idem: &Idem,
    tx: &mut PgTransaction<'_>,
    entries: &str,
    number: u64,
    value: i64,
) -> Result<i64, Error> {
    enter(tx, entries, value).await?;
    Ok(value)
}

async fn enter(tx: &mut Transaction<'_, Postgres>, entries: &str, value: i64) -> Result<(), Error> {
    let insert = sqlx::AssertSqlSafe(format!("insert into {entries} (value) values ($1)"));
    let done = sqlx::query(insert).bind(value).execute(&mut **tx).await;
    done.map(drop).map_err(Error::outage)
}

/// What is spawned is `Send`.
#[tokio::test]
async fn a_function_is_guarded() {
    let bank: Bank<Postgres> = bank::postgres().await;
    let idem = bank.engine().await;
    for value in [10, 11] {
        let (bank, idem) = (bank.clone(), idem.clone());
        let spawned = tokio::spawn(async move {
            let mut tx = bank.begin().await;
            let paid = pay(&idem, &mut tx, &bank.entries, 1, value).await;
            tx.commit().await.unwrap();
            paid
        });
        match spawned.await.unwrap() {
            Ok(paid) => assert_eq!((paid, value), (10, 10)),
            Err(error) => assert!(matches!(error, Error::Mismatch { .. }), "{error:?}"),
        }
    }
    assert_eq!(bank.entries().await, 1);
}
