//! `#[idempotent(strategy = "db", tx = …)]`.

use std::sync::Arc;

use async_trait::async_trait;
use idem::{Error, Idem, OpenTransaction, idempotent};
use sqlx::{AssertSqlSafe, MySql, PgTransaction, Postgres, Sqlite, Transaction};

use crate::bank::{self, Bank, Driver, SOON};

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
    let insert = AssertSqlSafe(format!("insert into {entries} (value) values ($1)"));
    let done = sqlx::query(insert).bind(value).execute(&mut **tx).await;
    done.map(drop).map_err(Error::outage)
}

/// What is spawned is `Send`.
#[tokio::test]
async fn a_function_is_guarded() {
    let bank = bank::postgres().await;
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

/// Spawned, each kind of transaction.
macro_rules! guarded_in {
    ($($name:ident $database:ident $bank:ident $key:literal)*) => {$(
        #[tokio::test]
        async fn $name() {
            #[idempotent(key = $key, strategy = "db", tx = tx, engine = idem, wait = "30s")]
            async fn count(
                idem: Idem,
                tx: &mut Transaction<'_, $database>,
                entries: Arc<str>,
                number: u64,
            ) -> Result<i64, Error> {
                let own = format!("insert into {entries} (value) values ({number})");
                $database::execute(tx, own).await.map_err(Error::outage)?;
                let count = format!("select count(*) from {entries}");
                $database::number(tx, count).await.map_err(Error::outage)
            }

            let bank = bank::$bank().await;
            let mut counting = Vec::new();
            for _ in 0..10 {
                let (bank, idem) = (bank.clone(), bank.engine().await);
                counting.push(tokio::spawn(async move {
                    let mut tx = bank.begin().await;
                    // Reborrowed, as by a caller that was lent it.
                    let lent = &mut tx;
                    let counted = count(idem, &mut *lent, bank.entries.as_str().into(), 7).await;
                    tx.commit().await.unwrap();
                    counted.unwrap()
                }));
            }
            for counted in counting {
                assert_eq!(tokio::time::timeout(SOON, counted).await.unwrap().unwrap(), 1);
            }
        }
    )*};
}

guarded_in! {
    a_function_in_postgres_is_guarded Postgres postgres "count_postgres:{number}"
    a_function_in_mariadb_is_guarded MySql mariadb "count_mariadb:{number}"
    a_function_in_sqlite_is_guarded Sqlite sqlite "count_sqlite:{number}"
}

type Tx<'a, 't> = &'a mut PgTransaction<'t>;

#[derive(Debug, PartialEq)]
enum PayError {
    Guard(&'static str),
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` asks for it")]
fn guard(error: Error) -> PayError {
    PayError::Guard(error.code())
}

#[idempotent(
    key = "alias:{number}",
    strategy = "db",
    ttl = "1h",
    tx = tx,
    engine = idem,
    on_duplicate = "reject",
    map_err = guard
)]
async fn by_alias(idem: &Idem, tx: Tx<'_, '_>, number: u64) -> Result<u64, PayError> {
    let one: i32 = sqlx::query_scalar("select 1").fetch_one(&mut **tx).await.unwrap();
    Ok(number + u64::try_from(one).unwrap())
}

/// A body whose last use of the transaction takes it.
#[idempotent(key = "taken:{number}", strategy = "db", tx = tx, engine = idem, codec = idem::Json)]
async fn taken(idem: &Idem, mut tx: Tx<'_, '_>, number: u64) -> Result<u64, Error> {
    for _ in 0..2 {
        sqlx::query("select 1").execute(&mut **tx).await.map_err(Error::outage)?;
        tx = std::convert::identity(tx);
    }
    Ok(number)
}

#[idempotent(key = "generic:{number}", strategy = "db", tx = tx, engine = idem)]
async fn generic<X: OpenTransaction>(idem: &Idem, tx: &mut X, number: u64) -> Result<u64, Error> {
    let _ = tx;
    Ok(number)
}

#[tokio::test]
async fn aliases_generics_and_options() {
    let bank = bank::postgres().await;
    let idem = &bank.engine().await;
    let mut tx = bank.begin().await;
    assert_eq!(by_alias(idem, &mut tx, 1).await, Ok(2));
    assert_eq!(by_alias(idem, &mut tx, 1).await, Err(PayError::Guard("duplicate")));
    assert_eq!(taken(idem, &mut tx, 1).await.unwrap(), 1);
    assert_eq!(generic(idem, &mut tx, 1).await.unwrap(), 1);
    assert_eq!(generic(idem, &mut tx, 1).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(bank.records().await, 3);
}

struct Ledger {
    idem: Idem,
    entries: String,
}

impl Ledger {
    #[idempotent(key = "method:{number}", strategy = "db", tx = tx, engine = self.idem)]
    async fn enter(&self, number: u64, tx: &mut PgTransaction<'_>) -> Result<u64, Error> {
        enter(tx, &self.entries, 1).await?;
        Ok(number)
    }

    /// A call of itself, in its own transaction.
    #[idempotent(key = "recursive:{number}", strategy = "db", tx = tx, engine = self.idem)]
    async fn count_down(&self, tx: &mut PgTransaction<'_>, number: u64) -> Result<u64, Error> {
        enter(tx, &self.entries, 2).await?;
        if number == 0 { Ok(0) } else { Ok(self.count_down(tx, number - 1).await? + 1) }
    }
}

#[async_trait]
trait Enter {
    async fn enter_by(&self, tx: &mut PgTransaction<'_>, number: u64) -> Result<u64, Error>;
}

#[async_trait]
impl Enter for Ledger {
    #[idempotent(key = "trait:{number}", strategy = "db", tx = tx, engine = self.idem)]
    async fn enter_by(&self, tx: &mut PgTransaction<'_>, number: u64) -> Result<u64, Error> {
        enter(tx, &self.entries, 3).await?;
        Ok(number)
    }
}

#[tokio::test]
async fn methods_are_guarded() {
    let bank: Bank<Postgres> = bank::postgres().await;
    let ledger = Ledger { idem: bank.engine().await, entries: bank.entries.clone() };
    let mut tx = bank.begin().await;
    for _ in 0..2 {
        assert_eq!(ledger.enter(1, &mut tx).await.unwrap(), 1);
        assert_eq!(ledger.count_down(&mut tx, 3).await.unwrap(), 3);
        assert_eq!(ledger.enter_by(&mut tx, 1).await.unwrap(), 1);
    }
    tx.commit().await.unwrap();
    for (value, entries) in [(1, 1), (2, 4), (3, 1)] {
        assert_eq!(bank.entries_of(value).await, entries, "{value}");
    }
}
