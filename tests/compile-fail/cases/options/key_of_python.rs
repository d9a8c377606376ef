// mistakes: 2
// The first is told by the compiler itself.
use idem::{Error, idempotent};

#[idempotent(key = f"charge:{id}", strategy = "setnx")]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
