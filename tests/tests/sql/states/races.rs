//! Many at once: one moves the row.

use std::sync::Arc;

use idem::Error;
use tokio::task::JoinSet;

use super::shop::{Shop, pay_in_time};

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
