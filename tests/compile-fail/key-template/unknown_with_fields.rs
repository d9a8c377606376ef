use idem::{Error, idempotent};

struct Order {
    id: u64,
}

#[idempotent(key = "charge:{oder.id}", strategy = "setnx")]
async fn charge(order: Order) -> Result<u64, Error> {
    Ok(order.id)
}

fn main() {}
