// mistakes: 2
use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge(id: u64) -> Result<u64, Error> {
    let text: String = id;
    text.missing();
    Ok(id)
}

fn main() {}
