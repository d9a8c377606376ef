// mistakes: 3
use idem::{Error, idempotent};

#[idempotent(event_key_jmespath = "id", persistence_store = "redis", expires_after_seconds = 3600)]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
