//! The same body under each strategy.

use idem::{StateMachine, Token, idempotent};
use sqlx::SqliteTransaction;

use super::Call;
use super::shop::{Answer, Shop};

pub(crate) const STRATEGIES: &[(&str, Call)] = &[
    ("none", |shop, order, dies| Box::pin(async move { effect(&shop, order, dies).await })),
    ("setnx", |shop, order, dies| Box::pin(async move { by_setnx(&shop, order, dies).await })),
    ("count", |shop, order, dies| Box::pin(async move { by_count(&shop, order, dies).await })),
    ("db", |shop, order, dies| Box::pin(async move { by_db(&shop, order, dies).await })),
    ("db with tx", |shop, order, dies| Box::pin(in_transaction(shop, order, dies, false))),
    ("token", |shop, order, dies| {
        Box::pin(async move { by_token(&shop, order, shop.token(order)?, dies).await })
    }),
    ("state", |shop, order, dies| Box::pin(in_transaction(shop, order, dies, true))),
];

/// Charges, on another system.
async fn effect(shop: &Shop, order: i64, dies: bool) -> Answer {
    let receipt = shop.charge(order);
    if dies {
        shop.die().await;
    }
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    Ok(receipt)
}

#[idempotent(key = "setnx:{order}", strategy = "setnx", lease = "500ms", wait = "10s", engine = shop.idem)]
async fn by_setnx(shop: &Shop, order: i64, dies: bool) -> Answer {
    effect(shop, order, dies).await
}

#[idempotent(key = "count:{order}", strategy = "count", limit = 1, lease = "500ms", wait = "10s", engine = shop.idem)]
async fn by_count(shop: &Shop, order: i64, dies: bool) -> Answer {
    effect(shop, order, dies).await
}

#[idempotent(key = "db:{order}", strategy = "db", lease = "500ms", wait = "10s", engine = shop.idem)]
async fn by_db(shop: &Shop, order: i64, dies: bool) -> Answer {
    effect(shop, order, dies).await
}

#[idempotent(
    key = "token:{order}",
    strategy = "token",
    token = token,
    lease = "500ms",
    wait = "10s",
    engine = shop.idem
)]
async fn by_token(shop: &Shop, order: i64, token: Token, dies: bool) -> Answer {
    effect(shop, order, dies).await
}

/// The effect in the caller's own database.
async fn effect_here(
    tx: &mut SqliteTransaction<'_>,
    shop: &Shop,
    order: i64,
    dies: bool,
) -> Answer {
    let effect = sqlx::query("insert into effects (order_id) values (?)").bind(order);
    let receipt = effect.execute(&mut **tx).await?.last_insert_rowid();
    if dies {
        shop.die().await;
    }
    Ok(receipt)
}

#[idempotent(key = "tx:{order}", strategy = "db", tx = tx, wait = "10s", engine = shop.idem)]
async fn by_tx(tx: &mut SqliteTransaction<'_>, shop: &Shop, order: i64, dies: bool) -> Answer {
    effect_here(tx, shop, order, dies).await
}

#[derive(StateMachine, Clone, Copy, PartialEq, Debug)]
#[state(table = "orders", id = "id", column = "status")]
enum Status {
    #[state(to(Paid))]
    Pending,
    Paid,
}

#[idempotent(
    key = "state:{order}",
    strategy = "state",
    transition = Status::Pending => Status::Paid,
    entity = order,
    tx = tx,
    wait = "10s",
    engine = shop.idem
)]
async fn by_state(tx: &mut SqliteTransaction<'_>, shop: &Shop, order: i64, dies: bool) -> Answer {
    effect_here(tx, shop, order, dies).await
}

/// One call in a transaction of its own.
async fn in_transaction(shop: Shop, order: i64, dies: bool, is_transition: bool) -> Answer {
    let mut tx = shop.pool.begin_with("begin immediate").await?;
    let receipt = if is_transition {
        by_state(&mut tx, &shop, order, dies).await?
    } else {
        by_tx(&mut tx, &shop, order, dies).await?
    };
    tx.commit().await?;
    Ok(receipt)
}
