#![deny(unused, unreachable_code)]
#![allow(dead_code)]
use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge(id: u64) -> Result<u64, Error> {
    return Ok(id);
    Ok(1)
}

fn main() {}
