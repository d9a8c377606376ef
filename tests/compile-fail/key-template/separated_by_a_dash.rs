use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}-{number}", strategy = "setnx")]
async fn charge(id: u64, number: u64) -> Result<u64, Error> {
    Ok(id + number)
}

fn main() {}
