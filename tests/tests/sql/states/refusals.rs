//! What is refused leaves no trace, and the caller's transaction goes on.

use idem::{Error, Idem, Plan, Transition};
use sqlx::Transaction;

use super::Db;
use super::shop::{Order, PLAN, Shop, note, pay};

/// The states of a refusal: from, to, actual.
fn states(error: &Error) -> (&str, &str, Option<&str>) {
    match error {
        Error::IllegalTransition { from, to, actual, .. } => (from, to, actual.as_deref()),
        other => panic!("another error: {other:?}"),
    }
}

/// H68
#[tokio::test]
async fn another_key_at_the_wrong_state_is_told_which() {
    let shop = Shop::open().await;
    let order = shop.order("pending").await;
    shop.pays("a", order).await.unwrap();

    let mut tx = shop.begin().await;
    note(&mut tx, order, "before").await;
    let refused = pay(&shop, &mut tx, "b", order).await.unwrap_err();
    note(&mut tx, order, "after").await;
    tx.commit().await.unwrap();
    assert_eq!(states(&refused), ("pending", "paid", Some("paid")));
    let told = format!("`{order}` can't go from `pending` to `paid`: it is `paid`");
    assert_eq!((refused.to_string(), refused.http_status()), (told, 409));
    assert_eq!(shop.moves(order).await, ["after", "before", "paid by a"]);

    // It left no record: asked again, it is told what is so by then.
    shop.execute(&format!("update orders set status = 'pending' where id = {order}")).await;
    shop.pays("b", order).await.unwrap();
}

#[tokio::test]
async fn a_row_that_is_not_there_is_told_so() {
    let shop = Shop::open().await;
    let refused = shop.pays("a", -1).await.unwrap_err();
    assert_eq!(states(&refused), ("pending", "paid", None));
    assert!(refused.to_string().ends_with("there is no such row"), "{refused}");
}

#[tokio::test]
async fn a_state_that_the_machine_does_not_know_is_told_so() {
    let shop = Shop::open().await;
    let order = shop.order("frozen").await;
    let refused = shop.pays("a", order).await.unwrap_err();
    assert_eq!(states(&refused), ("pending", "paid", Some("frozen")));
    let told = "it is `frozen`, which the machine does not declare";
    assert!(refused.to_string().ends_with(told), "{refused}");

    shop.execute(&format!("update orders set status = null where id = {order}")).await;
    let refused = shop.pays("a", order).await.unwrap_err();
    assert_eq!(states(&refused), ("pending", "paid", Some("null")));
}

#[tokio::test]
async fn a_transition_that_is_not_declared_touches_nothing() {
    let shop = Shop::open().await;
    let order = shop.order("pending").await;
    let mut tx = shop.begin().await;
    let undeclared = Transition::new(Order::Pending, Order::Shipped, order);
    let body = async |_: &mut Transaction<'_, Db>| Ok::<_, Error>(());
    let key = idem::key!("ship:{order}");
    let refused = shop.idem.call_tx(&mut tx, &PLAN, key.transition(undeclared), body).await.unwrap_err();
    tx.commit().await.unwrap();
    let told = "`Order` declares no such transition: `Pending` leads to `Paid` or `Cancelled`";
    assert!(refused.to_string().contains(told), "{refused}");
    assert_eq!(shop.status(order).await, "pending");
}

#[tokio::test]
async fn plan_and_key_belong_together() {
    let shop = Shop::open().await;
    let order = shop.order("pending").await;
    let paid = || Transition::new(Order::Pending, Order::Paid, order);
    let key = || idem::key!("misuse:{order}");
    let body = async |_: &mut Transaction<'_, Db>| Ok::<_, Error>(());

    let mut tx = shop.begin().await;
    let without = shop.idem.call_tx(&mut tx, &PLAN, key(), body).await.unwrap_err();
    assert!(without.to_string().contains("give its key one"), "{without}");
    let of_another = shop.idem.call_tx(&mut tx, &Plan::db(), key().transition(paid()), body).await;
    let of_another = of_another.unwrap_err();
    assert!(of_another.to_string().contains("is for `Plan::state()`"), "{of_another}");
    tx.commit().await.unwrap();

    let alone = shop.idem.call(&PLAN, key().transition(paid()), async { Ok::<_, Error>(()) }).await;
    let alone = alone.unwrap_err();
    assert!(alone.to_string().contains("by `Idem::call_tx`"), "{alone}");
    assert_eq!(shop.status(order).await, "pending");
}

/// Without records nothing replays, and what is illegal stays so.
#[tokio::test]
async fn an_engine_that_is_disabled_still_guards() {
    let mut shop = Shop::open().await;
    shop.idem = Idem::builder().database(&shop.database.url).disabled().build().await.unwrap();
    let order = shop.order("pending").await;
    shop.pays("a", order).await.unwrap();
    assert_eq!(shop.status(order).await, "paid");
    let again = shop.pays("a", order).await.unwrap_err();
    assert_eq!(states(&again), ("pending", "paid", Some("paid")));
    assert_eq!(shop.moves(order).await, ["paid by a"]);
    assert_eq!(shop.database.rows().await, 0);
}
