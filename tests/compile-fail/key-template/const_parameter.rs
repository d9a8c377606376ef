use idem::{Error, idempotent};

#[idempotent(key = "charge:{N}", strategy = "setnx")]
async fn charge<const N: usize>(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
