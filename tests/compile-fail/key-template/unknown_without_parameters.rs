use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge() -> Result<u64, Error> {
    Ok(1)
}

fn main() {}
