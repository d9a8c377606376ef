use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx", engine = "redis://localhost")]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
