use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx", engine = state., ttl = "1h")]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
