use idem::{Error, idempotent};

struct Receipt;

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge(id: u64) -> Result<Receipt, Error> {
    drop(id);
    Ok(Receipt)
}

fn main() {}
