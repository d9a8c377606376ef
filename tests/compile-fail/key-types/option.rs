use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge(id: Option<u64>) -> Result<u64, Error> {
    Ok(id.unwrap_or(0))
}

fn main() {}
