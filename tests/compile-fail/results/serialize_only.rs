use idem::{Error, idempotent};
use serde::Serialize;

#[derive(Serialize)]
struct Receipt;

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge(id: u64) -> Result<Receipt, Error> {
    drop(id);
    Ok(Receipt)
}

fn main() {}
