// mistakes: 2
use idem::{Error, IdempotencyKey, idempotent};

#[idempotent(key = "charge:{key}", strategy = "setnx")]
async fn charge(key: IdempotencyKey) -> Result<u64, Error> {
    drop(key);
    Ok(1)
}

fn main() {}
