use idem::{Error, IdempotencyKey, idempotent};

#[idempotent(key = "charge:{user}:{k}", strategy = "setnx", fingerprint = "off")]
async fn charge(user: u64, k: Option<IdempotencyKey>) -> Result<u64, Error> {
    let _ = k;
    Ok(user)
}

fn main() {}
