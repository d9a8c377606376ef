use idem::{Error, idempotent};

struct Order;

impl Order {
    fn number(&self, offset: u64) -> u64 {
        offset
    }
}

#[idempotent(key = "charge:{order.number()}", strategy = "setnx")]
async fn charge(order: Order) -> Result<u64, Error> {
    Ok(order.number(1))
}

fn main() {}
