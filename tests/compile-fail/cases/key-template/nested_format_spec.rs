use idem::{Error, idempotent};

#[idempotent(key = "charge:{id:{width}}", strategy = "setnx")]
async fn charge(id: u64, width: u64) -> Result<u64, Error> {
    Ok(id + width)
}

fn main() {}
