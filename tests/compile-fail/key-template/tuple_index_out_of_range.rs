use idem::{Error, idempotent};

#[idempotent(key = "charge:{pair.2}", strategy = "setnx")]
async fn charge(pair: (u64, u64)) -> Result<u64, Error> {
    Ok(pair.0)
}

fn main() {}
