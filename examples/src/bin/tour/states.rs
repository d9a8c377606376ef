use std::path::Path;

use idem::{StateMachine, idempotent};
use sqlx::{Sqlite, SqlitePool, Transaction};

#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub struct Receipt {
    order_id: i64,
}

pub type OrderError = Box<dyn std::error::Error + Send + Sync>;

#[derive(StateMachine, Clone, Copy, PartialEq, Debug)]
#[state(table = "orders", id = "id", column = "status")]
pub enum OrderStatus {
    #[state(to(Paid, Cancelled))]
    Pending,
    #[state(to(Shipped, Refunded))]
    Paid,
    Shipped,
    Refunded,
    Cancelled,
}

#[idempotent(
    strategy = "state",
    key = "pay_order:{callback}:{order_id}",
    transition = OrderStatus::Pending => OrderStatus::Paid,
    entity = order_id,
    tx = tx
)]
pub async fn pay_order(
    tx: &mut Transaction<'_, Sqlite>,
    callback: &str,
    order_id: i64,
) -> Result<Receipt, OrderError> {
    let receipt = Receipt { order_id };
    Ok(receipt) // stored and committed with the transition, or not at all
}

/// Two callbacks of a provider, the first of them twice, for a new order in the engine's file.
pub async fn callbacks(folder: &Path) -> Result<(), OrderError> {
    let file = format!("sqlite:{}", folder.join("idem.sqlite").display());
    let pool = SqlitePool::connect(&file).await?;
    let table = "create table if not exists orders (id integer primary key, status text)";
    sqlx::raw_sql(table).execute(&pool).await?;
    let order = "insert into orders (status) values ('pending') returning id";
    let order = sqlx::query_scalar(order).fetch_one(&pool).await?;
    for callback in ["first", "first", "second"] {
        // SQLite has one writer: a transaction that will write says so when it begins.
        let mut tx = pool.begin_with("begin immediate").await?;
        let answer = pay_order(&mut tx, &format!("{callback} of {order}"), order).await;
        tx.commit().await?;
        println!("state:  {answer:?}");
    }
    assert!(include_str!("../../../../README.md").contains(OrderStatus::diagram()));
    Ok(())
}
