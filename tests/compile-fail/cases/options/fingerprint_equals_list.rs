use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx", fingerprint = (id, amount))]
async fn charge(id: u64, amount: u8) -> Result<u64, Error> {
    let _ = amount;
    Ok(id)
}

fn main() {}
