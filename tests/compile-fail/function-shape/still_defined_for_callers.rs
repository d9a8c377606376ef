use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx", ttl = "0s")]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

async fn caller() -> Result<u64, Error> {
    charge(7).await
}

fn main() {}
