// mistakes: 2
use idem::{StateMachine, idempotent};

#[derive(StateMachine)]
#[state(table = "orders", id = "id", column = "status")]
enum OrderStatus {
    #[state(to(Paid))]
    Pending,
    Paid,
}

#[idempotent(
    strategy = "setnx",
    key = "pay:{order_id}",
    transition = OrderStatus::Pending => OrderStatus::Paid,
    entity = order_id
)]
async fn pay(order_id: i64) -> Result<u32, idem::Error> {
    Ok(1)
}

fn main() {}
