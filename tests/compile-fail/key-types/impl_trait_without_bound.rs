use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge(id: impl ToString) -> Result<u64, Error> {
    drop(id);
    Ok(1)
}

fn main() {}
