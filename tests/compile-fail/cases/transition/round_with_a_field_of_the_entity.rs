use idem::{OpenTransaction, StateMachine, idempotent};

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
    key = "refund:{order.id}",
    transition = OrderStatus::Paid => OrderStatus::Refunded,
    entity = order.id.to_string(),
    tx = tx
)]
async fn pay<T: OpenTransaction>(
    tx: &mut T,
    callback: &str,
    order: &Order,
) -> Result<u32, idem::Error> {
    Ok(u32::from(callback.is_empty()))
}

fn main() {}
