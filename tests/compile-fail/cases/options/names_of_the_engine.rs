// mistakes: 2
use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx", redis = "redis://localhost", prefix = "shop")]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
