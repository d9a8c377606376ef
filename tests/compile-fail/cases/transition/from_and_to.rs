// mistakes: 2
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

#[idempotent(
    strategy = "state",
    key = "pay:{callback}:{order_id}",
    from = OrderStatus::Pending,
    to = OrderStatus::Paid,
    entity = order_id,
    tx = tx
)]
async fn pay<T: OpenTransaction>(
    tx: &mut T,
    callback: &str,
    order_id: i64,
) -> Result<u32, idem::Error> {
    Ok(1)
}

fn main() {}
