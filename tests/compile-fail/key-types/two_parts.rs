// mistakes: 2
use idem::{Error, idempotent};

#[idempotent(key = "charge:{a}:{b}", strategy = "setnx")]
async fn charge(a: f32, b: Vec<u8>) -> Result<u64, Error> {
    Ok(a as u64 + b.len() as u64)
}

fn main() {}
