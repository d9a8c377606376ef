// mistakes: 2
#![deny(unused, unreachable_code)]
#![allow(dead_code)]
use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge(id: u64, other: u8) -> Result<u64, Error> {
    let unused = 1;
    Ok(1)
}

fn main() {}
