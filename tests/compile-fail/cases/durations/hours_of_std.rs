use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx", ttl = std::time::Duration::from_hours(24))]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
