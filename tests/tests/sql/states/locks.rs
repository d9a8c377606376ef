//! Rows that another transaction has locked: nobody waits for them inside of the database.

use std::sync::Arc;
use std::time::{Duration, Instant};

use idem::{Error, Transition};
use sqlx::{AssertSqlSafe, Transaction};

use super::shop::{Order, PLAN, Shop, pay, pay_in_time};
use super::{Db, LEVELS, begin_at};
use crate::database::SOON;

/// A row that another transaction holds is no reason to wait inside of the database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_is_locked_is_told_at_once() {
    let shop = Shop::open().await;
    let order = shop.order("pending").await;
    let mut other = shop.begin().await;
    let lock = format!("select status from orders where id = {order} for update");
    sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut *other).await.unwrap();

    let mut tx = shop.begin().await;
    let asked = pay(&shop, &mut tx, "a", order);
    let refused = tokio::time::timeout(SOON, asked).await.expect("it does not wait").unwrap_err();
    assert!(matches!(refused, Error::Conflict { .. }), "{refused:?}");
    other.rollback().await.unwrap();

    // The same transaction, which has lost nothing.
    pay(&shop, &mut tx, "a", order).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(shop.moves(order).await, ["paid by a"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_gets_the_row_when_it_is_free() {
    let shop = Arc::new(Shop::open().await);
    let order = shop.order("pending").await;
    let mut other = shop.begin().await;
    let touch = format!("update orders set status = 'pending' where id = {order}");
    sqlx::raw_sql(AssertSqlSafe(touch)).execute(&mut *other).await.unwrap();

    let waiting = tokio::spawn({
        let shop = Arc::clone(&shop);
        async move {
            let mut tx = shop.begin().await;
            let paid = pay_in_time(&shop, &mut tx, "a", order).await;
            tx.commit().await.unwrap();
            paid
        }
    });
    let started = Instant::now();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!waiting.is_finished(), "{:?}", started.elapsed());
    other.commit().await.unwrap();
    waiting.await.unwrap().unwrap();
    assert_eq!(shop.status(order).await, "paid");
}

/// The wait has an end, and the row is asked for till then.
#[tokio::test]
async fn a_wait_for_a_row_ends() {
    const WAIT: Duration = Duration::from_millis(300);
    let shop = Shop::open().await;
    let order = shop.order("pending").await;
    let mut other = shop.begin().await;
    let touch = format!("update orders set status = 'pending' where id = {order}");
    sqlx::raw_sql(AssertSqlSafe(touch)).execute(&mut *other).await.unwrap();

    let mut tx = shop.begin().await;
    let started = Instant::now();
    let cancelled = Transition::new(Order::Pending, Order::Cancelled, order);
    let key = idem::key!("cancel:{order}").transition(cancelled);
    let body = async |_: &mut Transaction<'_, Db>| Ok::<_, Error>(());
    let refused = shop.idem.call_tx(&mut tx, &PLAN.wait(WAIT), key, body).await.unwrap_err();
    assert!(matches!(refused, Error::Conflict { .. }), "{refused:?}");
    assert!(started.elapsed() >= WAIT, "{:?}", started.elapsed());
    tx.commit().await.unwrap();
    other.rollback().await.unwrap();
    assert_eq!(shop.status(order).await, "pending");
}

/// A transaction that has looked before another one moved the row is not told what was so then.
#[tokio::test]
async fn a_row_that_moved_after_the_first_look_is_not_taken_for_what_it_was() {
    for level in LEVELS {
        let shop = Shop::open().await;
        let order = shop.order("pending").await;
        let mut tx = shop.pool.begin_with(AssertSqlSafe(begin_at(level))).await.unwrap();
        let look = format!("select status from orders where id = {order}");
        sqlx::raw_sql(AssertSqlSafe(look)).execute(&mut *tx).await.unwrap();
        shop.pays("a", order).await.unwrap();

        let refused = pay(&shop, &mut tx, "b", order).await.unwrap_err();
        match &refused {
            Error::IllegalTransition { actual, .. } => {
                assert_eq!(actual.as_deref(), Some("paid"), "{level}");
            }
            Error::Conflict { .. } => assert_ne!(*level, "read committed"),
            other => panic!("{level}: {other:?}"),
        }
        tx.rollback().await.unwrap();
        assert_eq!(shop.moves(order).await, ["paid by a"], "{level}");
    }
}
