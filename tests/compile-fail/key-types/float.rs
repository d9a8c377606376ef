use idem::{Error, idempotent};

#[idempotent(key = "charge:{amount}", strategy = "setnx")]
async fn charge(amount: f64) -> Result<u64, Error> {
    Ok(amount as u64)
}

fn main() {}
