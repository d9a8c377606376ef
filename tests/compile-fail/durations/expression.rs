use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx", ttl = Duration::from_secs(5))]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
