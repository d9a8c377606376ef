// mistakes: 3
use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx", store = "redis", limit = 0, transition = "a")]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
