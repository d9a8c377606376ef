// mistakes: 2
use idem::{Error, idempotent};

#[idempotent(key = "charge:{id:?}:{b:>5}", strategy = "setnx")]
async fn charge(id: u64, b: u8) -> Result<u64, Error> {
    let _ = b;
    Ok(id)
}

fn main() {}
