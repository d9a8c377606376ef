// mistakes: 2
use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx", lock_timeout = "30s", wait_timeout = "5s")]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
