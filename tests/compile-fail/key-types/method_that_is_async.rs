use idem::{Error, idempotent};

struct Order;

impl Order {
    async fn number(&self) -> u64 {
        7
    }
}

#[idempotent(key = "charge:{order.number()}", strategy = "setnx")]
async fn charge(order: Order) -> Result<u64, Error> {
    drop(order);
    Ok(1)
}

fn main() {}
