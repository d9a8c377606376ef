// mistakes: 2
use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "db", pool = POOL, redis_url = "redis://localhost")]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
