use idem::{Error, idempotent};

#[idempotent(setnx(key = "charge:{id}"))]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
