use idem::{Error, idempotent};

#[idempotent(key = "charge:{idd}", strategy = "setnx")]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

async fn caller() -> Result<u64, Error> {
    let n: u64 = charge(1).await?;
    Ok(n)
}

fn main() {}
