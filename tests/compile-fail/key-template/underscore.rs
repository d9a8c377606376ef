use idem::{Error, idempotent};

#[idempotent(key = "charge:{_}", strategy = "setnx")]
async fn charge(_: u64) -> Result<u64, Error> {
    Ok(1)
}

fn main() {}
