//! Many at once: one moves the row.

use std::sync::Arc;
use std::time::{Duration, Instant};

use idem::Error;
use tokio::task::JoinSet;

use super::shop::{Shop, pay, pay_in_time};
use crate::database::SOON;

/// Calls `pay_in_time` at once under these callbacks, each in a transaction of its own.
async fn storm(
    shop: &Arc<Shop>,
    order: i64,
    callbacks: impl Iterator<Item = usize>,
) -> Vec<Result<String, Error>> {
    let mut calls = JoinSet::new();
    for callback in callbacks {
        let shop = Arc::clone(shop);
        calls.spawn(async move {
            let mut tx = shop.begin().await;
            let paid = pay_in_time(&shop, &mut tx, &callback.to_string(), order).await;
            tx.commit().await.unwrap();
            paid
        });
    }
    calls.join_all().await
}

/// H67.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_copies_of_a_callback_get_one_receipt() {
    let shop = Arc::new(Shop::open().await);
    let order = shop.order("pending").await;
    let answers = storm(&shop, order, std::iter::repeat_n(7, 10)).await;
    let receipts: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(receipts.len(), 10);
    assert!(receipts.iter().all(|receipt| *receipt == receipts[0]), "{receipts:?}");
    assert_eq!(shop.moves(order).await, ["paid"]);
    assert_eq!(shop.status(order).await, "paid");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_callbacks_one_pays() {
    let shop = Arc::new(Shop::open().await);
    let order = shop.order("pending").await;
    let answers = storm(&shop, order, 0..50).await;
    let (paid, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((paid.len(), refused.len()), (1, 49));
    for refused in refused {
        let refused = refused.unwrap_err();
        let Error::IllegalTransition { actual, .. } = &refused else { panic!("{refused:?}") };
        assert_eq!(actual.as_deref(), Some("paid"));
    }
    assert_eq!(shop.moves(order).await, ["paid"]);
}

/// A row that another transaction holds is no reason to wait inside of the database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_is_locked_is_told_at_once() {
    let shop = Shop::open().await;
    if shop.database.is_a_file() {
        return; // the claim meets the lock of the file before
    }
    let order = shop.order("pending").await;
    let mut other = shop.begin().await;
    let lock = format!("select status from orders where id = {order} for update");
    sqlx::raw_sql(sqlx::AssertSqlSafe(lock)).execute(&mut *other).await.unwrap();

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
    if shop.database.is_a_file() {
        return;
    }
    let order = shop.order("pending").await;
    let mut other = shop.begin().await;
    let touch = format!("update orders set status = 'pending' where id = {order}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(touch)).execute(&mut *other).await.unwrap();

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
