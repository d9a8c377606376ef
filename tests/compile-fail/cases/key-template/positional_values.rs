// mistakes: 2
use idem::{Error, idempotent};

#[idempotent(key = "charge:{}:{}", user.0, id, strategy = "setnx")]
async fn charge(user: (u64, u64), id: u64) -> Result<u64, Error> {
    Ok(user.1 + id)
}

fn main() {}
