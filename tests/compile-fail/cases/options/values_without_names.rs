// mistakes: 2
use idem::{Error, idempotent};

#[idempotent("charge:{id}", "setnx")]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
