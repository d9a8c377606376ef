use idem::{Error, idempotent};

#[idempotent(key = "charge\x2d\u{fc}:{oder}", strategy = "setnx")]
async fn charge(order: u64) -> Result<u64, Error> {
    Ok(order)
}

fn main() {}
