// mistakes: 2
use idem::{Error, idempotent};

#[idempotent(key = "charge:{oder}", strategy = "setnx", ttl = "1 hour")]
async fn charge(order: u64) -> Result<u64, Error> {
    Ok(order)
}

fn main() {}
