use idem::{Error, idempotent};

struct Order {
    id: u64,
}

#[idempotent(key = "charge:{order.id}:{usr}", strategy = "setnx")]
async fn charge(order: Order, user: u64) -> Result<u64, Error> {
    Ok(order.id + user)
}

fn main() {}
