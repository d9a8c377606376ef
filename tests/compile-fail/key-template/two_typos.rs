// mistakes: 2
use idem::{Error, idempotent};

#[idempotent(key = "charge:{oder}:{usr}", strategy = "setnx")]
async fn charge(order: u64, user: u64) -> Result<u64, Error> {
    Ok(order + user)
}

fn main() {}
