use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge(_: u64) -> Result<u64, Error> {
    Ok(0)
}

fn main() {}
