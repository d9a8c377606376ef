use idem::{Error, IdempotencyKey, idempotent};

#[idempotent(key = "charge:{key}", strategy = "setnx", fingerprint(amount))]
async fn charge(key: IdempotencyKey, amount: u64) -> Result<u64, Error> {
    drop(key);
    Ok(amount)
}

fn main() {}
