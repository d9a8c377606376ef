use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx", fingerprint(amount), fingerprint = "off")]
async fn charge(id: u64, amount: u64) -> Result<u64, Error> {
    Ok(id + amount)
}

fn main() {}
