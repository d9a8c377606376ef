//! A body that ends otherwise than well has moved nothing, whatever the caller does next.

use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::task::Poll;

use idem::{Error, Transition};
use sqlx::Transaction;

use super::Db;
use super::shop::{Order, PLAN, Shop, note};

/// How a body ends.
#[derive(Clone, Copy)]
enum End {
    Well,
    Err,
    Panic,
    Never,
}

async fn cancel(
    shop: &Shop,
    tx: &mut Transaction<'_, Db>,
    order: i64,
    end: End,
) -> Result<(), Error> {
    let body = async |tx: &mut Transaction<'_, Db>| {
        note(tx, order, "cancelled").await;
        match end {
            End::Well => Ok(()),
            End::Err => Err(Error::outage("the body's own")),
            End::Panic => panic!("the body's own"),
            End::Never => std::future::pending().await,
        }
    };
    let cancelled = Transition::new(Order::Pending, Order::Cancelled, order);
    let key = idem::key!("cancel:{order}");
    shop.idem.call_tx(tx, &PLAN, key.transition(cancelled), body).await
}

async fn undone(end: End) {
    let shop = Shop::open().await;
    let order = shop.order("pending").await;
    let mut tx = shop.begin().await;
    note(&mut tx, order, "before").await;
    match end {
        End::Well => unreachable!("that is not undone"),
        End::Err => drop(cancel(&shop, &mut tx, order, end).await.unwrap_err()),
        End::Panic => {
            let call = AssertUnwindSafe(cancel(&shop, &mut tx, order, end));
            let mut call = pin!(call.0);
            let ended = poll_fn(|cx| {
                match std::panic::catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(cx))) {
                    Ok(Poll::Pending) => Poll::Pending,
                    Ok(Poll::Ready(_)) => Poll::Ready(false),
                    Err(_) => Poll::Ready(true),
                }
            });
            assert!(ended.await, "the panic goes on to the caller");
        }
        End::Never => {
            let call = cancel(&shop, &mut tx, order, end);
            let dropped = tokio::time::timeout(std::time::Duration::from_secs(1), call).await;
            assert!(dropped.is_err(), "it never ends");
        }
    }
    note(&mut tx, order, "after").await;
    tx.commit().await.unwrap();
    assert_eq!(shop.status(order).await, "pending");
    assert_eq!(shop.moves(order).await, ["after", "before"]);

    let mut tx = shop.begin().await;
    cancel(&shop, &mut tx, order, End::Well).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(shop.status(order).await, "cancelled");
}

#[tokio::test]
async fn an_err_undoes_the_transition() {
    undone(End::Err).await;
}

#[tokio::test]
async fn a_panic_undoes_the_transition() {
    undone(End::Panic).await;
}

#[tokio::test]
async fn a_dropped_call_undoes_the_transition() {
    undone(End::Never).await;
}
