use idem::{StateMachine, idempotent};
use sqlx::{Sqlite, Transaction};

#[derive(StateMachine)]
#[state(table = "orders", id = "id", column = "status")]
enum OrderStatus {
    #[state(to(Paid, Cancelled))]
    Pending,
    #[state(to(Shipped, Refunded))]
    Paid,
    Shipped,
    #[state(to(Paid))]
    Refunded,
    Cancelled,
}

struct Order {
    id: i64,
}

#[idempotent(
    strategy = "state",
    key = "pay:{callback}:{order.id}",
    transition = OrderStatus::Pending => OrderStatus::Paid,
    entity = order,
    tx = tx
)]
async fn pay(
    tx: &mut Transaction<'_, Sqlite>,
    callback: &str,
    order: &Order,
) -> Result<u32, idem::Error> {
    Ok(1)
}

fn main() {}
