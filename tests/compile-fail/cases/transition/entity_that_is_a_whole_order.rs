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
    key = "pay:{callback}:{order.id}",
    transition = OrderStatus::Pending => OrderStatus::Paid,
    entity = order,
    tx = tx
)]
async fn pay<T: OpenTransaction>(
    tx: &mut T,
    callback: &str,
    order: &Order,
) -> Result<u32, idem::Error> {
    Ok(1)
}

fn main() {}
