//! A transition happens once, with its body and its result.

use idem::{Error, Outcome, Transition, idempotent, with_outcome};
use sqlx::Transaction;

use super::Db;
use super::shop::{Order, PLAN, Shop, note, pay};

#[tokio::test]
async fn row_body_and_result_commit_together() {
    let shop = Shop::open().await;
    let order = shop.order("pending").await;
    let receipt = shop.pays("a", order).await.unwrap();
    assert_eq!(shop.status(order).await, "paid");
    assert_eq!(shop.moves(order).await, ["paid by a"]);

    let (again, outcome) = with_outcome(shop.neighbour().await.pays("a", order)).await;
    assert_eq!(again.unwrap(), receipt);
    assert!(matches!(outcome, Outcome::Replayed { .. }), "{outcome:?}");
    assert_eq!(shop.moves(order).await, ["paid by a"]);
}

#[tokio::test]
async fn a_rollback_by_the_caller_undoes_all_of_it() {
    let shop = Shop::open().await;
    let order = shop.order("pending").await;
    let mut tx = shop.begin().await;
    pay(&shop, &mut tx, "a", order).await.unwrap();
    tx.rollback().await.unwrap();
    assert_eq!(shop.status(order).await, "pending");
    assert!(shop.moves(order).await.is_empty());

    shop.pays("a", order).await.unwrap();
    assert_eq!(shop.status(order).await, "paid");
    assert_eq!(shop.moves(order).await, ["paid by a"]);
}

#[idempotent(
    strategy = "state",
    key = "refund:{case}:{order}",
    transition = Order::Paid => Order::Refunded,
    entity = order,
    tx = tx,
    engine = shop.idem
)]
async fn refund(
    shop: &Shop,
    tx: &mut Transaction<'_, Db>,
    case: u32,
    order: i64,
) -> Result<(), Error> {
    note(tx, order, &format!("refund {case}")).await;
    Ok(())
}

#[idempotent(
    strategy = "state",
    key = "pay_again:{case}:{order}",
    transition = Order::Refunded => Order::Paid,
    entity = order,
    tx = tx,
    engine = shop.idem
)]
async fn pay_again(
    shop: &Shop,
    tx: &mut Transaction<'_, Db>,
    case: u32,
    order: i64,
) -> Result<u32, Error> {
    note(tx, order, &format!("pay {case}")).await;
    Ok(case)
}

/// A late copy finds the row in the very state that it would start from, and is answered by its own
/// record all the same.
#[tokio::test]
async fn a_state_that_came_back_fools_nobody() {
    let shop = Shop::open().await;
    let order = shop.order("paid").await;
    let mut tx = shop.begin().await;
    refund(&shop, &mut tx, 1, order).await.unwrap();
    assert_eq!(pay_again(&shop, &mut tx, 1, order).await.unwrap(), 1);
    refund(&shop, &mut tx, 2, order).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(shop.status(order).await, "refunded");

    let mut tx = shop.begin().await;
    let (late, outcome) = with_outcome(pay_again(&shop, &mut tx, 1, order)).await;
    tx.commit().await.unwrap();
    assert_eq!(late.unwrap(), 1);
    assert!(matches!(outcome, Outcome::Replayed { .. }), "{outcome:?}");
    assert_eq!(shop.status(order).await, "refunded");
    assert_eq!(shop.moves(order).await, ["pay 1", "refund 1", "refund 2"]);

    let mut tx = shop.begin().await;
    assert_eq!(pay_again(&shop, &mut tx, 2, order).await.unwrap(), 2);
    tx.commit().await.unwrap();
    assert_eq!(shop.status(order).await, "paid");
}

#[tokio::test]
async fn a_call_by_hand_does_the_same() {
    let shop = Shop::open().await;
    let order = shop.order("pending").await;
    for _ in 0..2 {
        let mut tx = shop.begin().await;
        let body = async |tx: &mut Transaction<'_, Db>| {
            note(tx, order, "cancelled").await;
            Ok::<_, Error>(7)
        };
        let cancelled = Transition::new(Order::Pending, Order::Cancelled, order);
        let key = idem::key!("cancel:{order}");
        let value = shop.idem.call_tx(&mut tx, &PLAN, key.transition(cancelled), body).await;
        tx.commit().await.unwrap();
        assert_eq!(value.unwrap(), 7);
    }
    assert_eq!(shop.status(order).await, "cancelled");
    assert_eq!(shop.moves(order).await, ["cancelled"]);
}
