//! What a body sees and may do.

use std::sync::Arc;
use std::time::Duration;

use idem::{Error, Idem, OpenTransaction, Outcome, Returns, attempt, with_outcome};
use sqlx::{AssertSqlSafe, Connection as _, Database, MySql, PgTransaction, Postgres, Transaction};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::bank::{self, Bank, Driver, PLAN, SOON, Then, key};

on_every_database! {
    it_has_an_attempt
    its_own_key_is_in_flight
    it_calls_others_in_its_transaction
    it_hears_of_a_shutdown
}

async fn it_has_an_attempt<DB: Driver>(bank: Bank<DB>)
where
    for<'t> Transaction<'t, DB>: OpenTransaction,
{
    let idem = bank.engine().await;
    let mut downstream = Vec::new();
    for _ in 0..2 {
        let mut tx = bank.begin().await;
        let body = async |_: &mut Transaction<'_, DB>| {
            assert_eq!(attempt().number(), 1);
            assert!(!attempt().is_cancelled());
            Ok::<_, Error>((attempt().fence(), attempt().downstream_key("capture")))
        };
        let (fence, key) = idem.call_tx(&mut tx, &PLAN, key(1), body).await.unwrap();
        assert!(fence > 1_577_836_800_000_000, "microseconds since 1970");
        downstream.push(key);
        tx.rollback().await.unwrap();
    }
    assert_eq!(downstream[0], downstream[1], "the same for each attempt");
}

/// C28: never a deadlock with itself, whichever transaction it takes.
async fn its_own_key_is_in_flight<DB: Driver>(bank: Bank<DB>)
where
    for<'t> Transaction<'t, DB>: OpenTransaction,
{
    let idem = bank.engine().await;
    let plan = PLAN.wait(SOON);
    let mut tx = bank.begin().await;
    let body = async |tx: &mut Transaction<'_, DB>| {
        // One that has no lock yet: SQLite has one for all.
        let mut other = bank.pool.begin().await.unwrap();
        for tx in [tx, &mut other] {
            let (inner, _) = DB::call(&idem, tx, &plan, key(1), bank.body(10)).await;
            assert!(matches!(inner, Err(Error::InFlight { .. })), "{inner:?}");
        }
        let durable = idem.call(&plan, key(1), async { Ok::<_, Error>(0) }).await;
        assert!(matches!(durable, Err(Error::InFlight { .. })), "{durable:?}");
        Ok::<_, Error>(1)
    };
    assert_eq!(idem.call_tx(&mut tx, &plan, key(1), body).await.unwrap(), 1);
}

/// Whether or not a result is written after it, which would read them to their end.
#[tokio::test]
async fn it_may_leave_answers_unread() {
    let bank = bank::postgres().await;
    let disabled = Idem::builder().disabled().build().await.unwrap();
    let mut kept = 0;
    // The first of a process waits for each answer.
    for idem in [bank.engine().await, disabled] {
        let mut tx = bank.begin().await;
        for _ in 0..3 {
            kept += 1;
            let body = async |tx: &mut Transaction<'_, Postgres>| {
                bank.enter(tx, kept).await;
                let slow = sqlx::raw_sql("select pg_sleep(0.05)").execute(&mut **tx);
                timeout(Duration::ZERO, slow).await.unwrap_err();
                Ok::<_, Error>(kept)
            };
            let key = key(kept.unsigned_abs());
            assert_eq!(idem.call_tx(&mut tx, &PLAN, key, body).await.unwrap(), kept);
        }
        tx.commit().await.unwrap();
        assert_eq!(bank.entries().await, kept);
    }
}

/// C51: calls within calls are one transaction; an inner one may fail alone.
async fn it_calls_others_in_its_transaction<DB: Driver>(bank: Bank<DB>)
where
    for<'t> Transaction<'t, DB>: OpenTransaction,
{
    let idem = bank.engine().await;
    for outer in ["fails", "succeeds"] {
        let mut tx = bank.begin().await;
        let body = async |tx: &mut Transaction<'_, DB>| {
            bank.pay(&idem, tx, 2, 20).await.0.unwrap();
            let failing = bank.then(30, Then::Fail);
            DB::call(&idem, tx, &PLAN, key(3), failing).await.0.unwrap_err();
            let mut own = tx.begin().await.unwrap();
            bank.enter(&mut own, 40).await;
            own.rollback().await.unwrap();
            bank.enter(tx, 10).await;
            if outer == "fails" { Err(Error::outage("the body's own")) } else { Ok(10) }
        };
        let (answer, outcome) = with_outcome(idem.call_tx(&mut tx, &PLAN, key(1), body)).await;
        assert_eq!(answer.is_ok(), outer == "succeeds");
        assert!(matches!(outcome, Outcome::Ran { attempt: 1, .. }), "{outcome:?}");
        tx.commit().await.unwrap();
        let entries = i64::from(outer == "succeeds");
        for (value, entries) in [(10, entries), (20, entries), (30, 0), (40, 0)] {
            assert_eq!(bank.entries_of(value).await, entries, "{value}");
        }
        assert_eq!(bank.records().await, 2 * entries);
    }
}

/// It is told, as a durable one is, and its transaction is its caller's to end.
async fn it_hears_of_a_shutdown<DB: Driver>(bank: Bank<DB>)
where
    for<'t> Transaction<'t, DB>: OpenTransaction,
{
    let idem = bank.engine().await;
    let begun = Arc::new(Notify::new());
    let mut tx = bank.begin().await;
    let body = async |_: &mut Transaction<'_, DB>| {
        begun.notify_one();
        attempt().cancelled().await;
        Ok::<_, Error>(1)
    };
    let (answer, left) = tokio::join!(idem.call_tx(&mut tx, &PLAN, key(1), body), async {
        begun.notified().await;
        idem.shutdown(SOON).await
    });
    assert_eq!((answer.unwrap(), left), (1, 0));
    tx.commit().await.unwrap();
}

/// A deadlock of the body's own statements undoes the whole transaction in `InnoDB`. A body that
/// goes on after it is not taken for one that succeeded.
#[tokio::test]
async fn a_deadlock_that_it_goes_on_after_is_a_conflict() {
    let bank = bank::mariadb().await;
    let idem = bank.engine().await;
    for value in [1, 2] {
        let mut tx = bank.begin().await;
        bank.enter(&mut tx, value).await;
        tx.commit().await.unwrap();
    }
    let entries = &bank.entries;
    let index = format!("alter table {entries} add primary key (value)");
    MySql::execute(&mut bank.pool.acquire().await.unwrap(), index).await.unwrap();
    let lock = |value| format!("update {entries} set value = {value} where value = {value}");
    let mut other = bank.begin().await;
    // The heavier one survives.
    for value in 100..110 {
        bank.enter(&mut other, value).await;
    }
    MySql::execute(&mut other, lock(1)).await.unwrap();
    let locked = Arc::new(Notify::new());
    let mut tx = bank.begin().await;
    let body = async |tx: &mut Transaction<'_, MySql>| {
        MySql::execute(tx, lock(2)).await.unwrap();
        locked.notify_one();
        let deadlock = MySql::execute(tx, lock(1)).await.unwrap_err();
        assert!(deadlock.to_string().contains("1213"), "{deadlock}");
        Ok::<i64, Error>(10)
    };
    let (answer, ()) = tokio::join!(idem.call_tx(&mut tx, &PLAN, key(1), body), async {
        locked.notified().await;
        MySql::execute(&mut other, lock(2)).await.unwrap();
    });
    assert!(matches!(answer, Err(Error::Conflict { .. })), "{answer:?}");
    // Nor may its caller commit as if nothing had been.
    tx.commit().await.unwrap_err();
    other.commit().await.unwrap();
    assert_eq!(bank.records().await, 0);
}

/// It is usable from code that is generic over the database.
#[tokio::test]
async fn its_transaction_is_any_that_is_open() {
    async fn once<DB: Database>(
        idem: &idem::Idem,
        tx: &mut Transaction<'_, DB>,
    ) -> Result<i64, Error>
    where
        for<'t> Transaction<'t, DB>: OpenTransaction,
    {
        idem.call_tx(tx, &PLAN, key(1), async |_| Ok::<_, Error>(1)).await
    }
    let bank: Bank<Postgres> = bank::postgres().await;
    let idem = bank.engine().await;
    assert_eq!(once(&idem, &mut bank.begin().await).await.unwrap(), 1);
}

/// It goes where a server takes it: into a task of its own, with a body that borrows.
#[tokio::test]
async fn its_future_is_send_where_its_body_is() {
    let bank: Bank<Postgres> = bank::postgres().await;
    let (idem, pool) = (bank.engine().await, bank.pool.clone());
    let answer = tokio::spawn(async move {
        let mut tx = pool.begin().await.unwrap();
        let statement = String::from("select 41::bigint + $1");
        let body = async |tx: &mut PgTransaction<'_>| {
            let sum = sqlx::query_scalar(AssertSqlSafe(&*statement)).bind(1_i64);
            sum.fetch_one(&mut **tx).await.map_err(Error::outage)
        };
        let answer: Result<i64, Error> = idem.call_tx(&mut tx, &PLAN, key(1), body).await;
        let returns = Returns::<Result<i64, Error>>::new(Err);
        idem.call_tx_with(&mut tx, &PLAN, key(2), returns, async |_| Ok(1)).await.unwrap();
        tx.commit().await.unwrap();
        answer
    });
    assert_eq!(answer.await.unwrap().unwrap(), 42);
    assert_eq!(bank.records().await, 2);
}
