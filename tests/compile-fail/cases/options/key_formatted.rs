use idem::{Error, idempotent};

#[idempotent(key = format!("charge:{}", id), strategy = "setnx")]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
