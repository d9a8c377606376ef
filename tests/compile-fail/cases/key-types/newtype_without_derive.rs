use idem::{Error, idempotent};

struct OrderId(u64);

#[idempotent(key = "charge:{order}", strategy = "setnx")]
async fn charge(order: OrderId) -> Result<u64, Error> {
    Ok(order.0)
}

fn main() {}
