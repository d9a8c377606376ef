// mistakes: 2
use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "count", retries = 3, backoff = "1s")]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
