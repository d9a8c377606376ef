use idem::{Error, idempotent};

#[idempotent(
    key = "charge:{id}",
    strategy = "setnx",
    /// As long as the provider remembers a key.
    /// It is a day.
    ttl = "24h"
)]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
