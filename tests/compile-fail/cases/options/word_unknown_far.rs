use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx", on_duplicate = "twice")]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
