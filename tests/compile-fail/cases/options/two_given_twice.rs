// mistakes: 2
use idem::{Error, idempotent};

#[idempotent(
    key = "charge:{id}",
    strategy = "setnx",
    ttl = "1h",
    ttl = "2h",
    lease = "1s",
    lease = "1s"
)]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
