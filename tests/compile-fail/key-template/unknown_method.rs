use idem::{Error, idempotent};

struct Order {
    id: u64,
}

#[idempotent(key = "charge:{order.number()}", strategy = "setnx")]
async fn charge(order: Order) -> Result<u64, Error> {
    Ok(order.id)
}

fn main() {}
