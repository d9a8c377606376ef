use idem::{Error, IdempotencyKey, idempotent};

#[idempotent(key = "charge:{key.as_str()}", strategy = "setnx", fingerprint(amount))]
async fn charge(key: IdempotencyKey, amount: u64) -> Result<u64, Error> {
    Ok(amount)
}

fn main() {}
