use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge(#[cfg(any())] id: u64, other: u64) -> Result<u64, Error> {
    Ok(other)
}

fn main() {}
