// mistakes: 2
use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx", operation = "charge", scope = "user")]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
