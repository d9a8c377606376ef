#![allow(confusable_idents, mixed_script_confusables)]
use idem::{Error, idempotent};

#[idempotent(key = "charge:{іd}", strategy = "setnx")]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
