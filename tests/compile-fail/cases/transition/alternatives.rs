// mistakes: 2
use idem::{OpenTransaction, StateMachine, idempotent};

#[derive(StateMachine)]
#[state(table = "orders", id = "id", column = "status")]
enum OrderStatus {
    #[state(to(Paid, Cancelled))]
    Pending,
    Paid,
    Cancelled,
}

#[idempotent(
    strategy = "state",
    key = "end:{callback}:{order_id}",
    transition = OrderStatus::Pending => OrderStatus::Paid | OrderStatus::Cancelled,
    entity = order_id,
    tx = tx
)]
async fn end<T: OpenTransaction>(
    tx: &mut T,
    callback: &str,
    order_id: i64,
) -> Result<u32, idem::Error> {
    Ok(1)
}

#[idempotent(
    strategy = "state",
    key = "pay:{callback}:{order_id}",
    transition = OrderStatus::Pending | OrderStatus::Cancelled => OrderStatus::Paid,
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
