use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx", fingerprint = None)]
async fn charge(id: u64, amount: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
