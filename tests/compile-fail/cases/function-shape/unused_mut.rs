// mistakes: 2
#![deny(unused, unreachable_code)]
#![allow(dead_code)]
use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge(mut id: u64) -> Result<u64, Error> {
    let mut x = 1;
    Ok(id + x)
}

fn main() {}
