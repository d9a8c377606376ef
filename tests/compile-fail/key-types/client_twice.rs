use idem::{Error, IdempotencyKey, idempotent};

#[idempotent(key = "charge:{a}:{b}", strategy = "setnx", fingerprint = "off")]
async fn charge(a: &IdempotencyKey, b: Box<IdempotencyKey>) -> Result<u64, Error> {
    drop((a, b));
    Ok(1)
}

fn main() {}
