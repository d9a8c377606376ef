use idem::{Error, idempotent};

#[idempotent(key = "charge:{order{id}}", strategy = "setnx")]
async fn charge(order: u64, id: u64) -> Result<u64, Error> {
    Ok(order + id)
}

fn main() {}
