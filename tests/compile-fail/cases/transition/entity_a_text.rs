use idem::{OpenTransaction, StateMachine, idempotent};

#[derive(StateMachine)]
#[state(table = "orders", id = "id", column = "status")]
enum OrderStatus {
    #[state(to(Paid))]
    Pending,
    Paid,
}

#[idempotent(
    strategy = "state",
    key = "pay:{callback}:{order_id}",
    transition = OrderStatus::Pending => OrderStatus::Paid,
    entity = "order-7",
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
