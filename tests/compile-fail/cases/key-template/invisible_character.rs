use idem::{Error, idempotent};

#[idempotent(key = "charge:{i​d}", strategy = "setnx")]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
