use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx", ttl = "24h"u64)]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
