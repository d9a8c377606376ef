use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge(id: u64) -> Result<u64, Error> {
    let n: u64 = "7".parse()?;
    Ok(id + n)
}

fn main() {}
