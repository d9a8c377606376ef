use idem::{Error, IdempotencyKey, idempotent};

#[idempotent(key = "charge:{user}:{key}", strategy = "setnx", fingerprint(key))]
async fn charge(user: u64, key: IdempotencyKey, amount: u64) -> Result<u64, Error> {
    drop(key);
    Ok(user + amount)
}

fn main() {}
