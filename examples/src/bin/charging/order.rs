//! An order, and what its status may become.

use idem::{StateMachine, idempotent};
use sqlx::{Sqlite, Transaction};

#[derive(StateMachine, Clone, Copy, PartialEq, Debug)]
#[state(table = "orders", id = "id", column = "status")]
pub(crate) enum OrderStatus {
    #[state(to(Charging))]
    Pending,
    #[state(to(Paid, Failed))]
    Charging,
    Paid,
    Failed,
}

/// Whoever asks for the money first.
#[idempotent(
    strategy = "state",
    key = "begin_charge:{order}",
    transition = OrderStatus::Pending => OrderStatus::Charging,
    entity = order,
    tx = tx
)]
pub(crate) async fn begin(tx: &mut Transaction<'_, Sqlite>, order: i64) -> Result<(), idem::Error> {
    Ok(())
}

/// The provider has captured it.
#[idempotent(
    strategy = "state",
    key = "pay_order:{order}",
    transition = OrderStatus::Charging => OrderStatus::Paid,
    entity = order,
    tx = tx
)]
pub(crate) async fn pay(
    tx: &mut Transaction<'_, Sqlite>,
    order: i64,
    reference: &str,
) -> Result<(), idem::Error> {
    let paid = sqlx::query("update orders set reference = ? where id = ?").bind(reference);
    paid.bind(order).execute(&mut **tx).await.map_err(idem::Error::outage)?;
    Ok(())
}

/// The provider has declined it.
#[idempotent(
    strategy = "state",
    key = "fail_order:{order}",
    transition = OrderStatus::Charging => OrderStatus::Failed,
    entity = order,
    tx = tx
)]
pub(crate) async fn fail(tx: &mut Transaction<'_, Sqlite>, order: i64) -> Result<(), idem::Error> {
    Ok(())
}
