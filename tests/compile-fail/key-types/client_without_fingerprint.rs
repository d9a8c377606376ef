use idem::{Error, IdempotencyKey, idempotent};

#[idempotent(key = "charge:{user}:{key}", strategy = "setnx")]
async fn charge(user: u64, key: IdempotencyKey) -> Result<u64, Error> {
    drop(key);
    Ok(user)
}

fn main() {}
