use idem::{Error, idempotent};

const KEY: &str = "charge:{id}";

#[idempotent(key = KEY, strategy = "setnx")]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
