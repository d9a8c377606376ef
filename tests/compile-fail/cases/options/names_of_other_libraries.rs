// mistakes: 3
use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx", expires_in = "1h", timeout = "5s", window = "1d")]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
