use idem::{Error, idempotent};

struct Order {
    number: u64,
    cents: u64,
}

#[idempotent(key = "charge:{user}:{order.number}", strategy = "setnx", fingerprint(order.number, user))]
async fn charge(user: u64, order: Order) -> Result<u64, Error> {
    Ok(user + order.cents)
}

fn main() {}
