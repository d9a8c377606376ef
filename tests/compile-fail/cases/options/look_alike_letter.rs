#![allow(mixed_script_confusables)]
use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx", wаit = "5s")]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
