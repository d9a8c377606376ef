use idem::{Error, idempotent};

#[idempotent(key = "charge:{f}", strategy = "setnx")]
async fn charge(f: fn() -> u64) -> Result<u64, Error> {
    Ok(f())
}

fn main() {}
