use idem::{Error, idempotent};

struct Amount(u64);

#[idempotent(key = "charge:{id}", strategy = "setnx", fingerprint(id, amount))]
async fn charge(id: u64, amount: Amount) -> Result<u64, Error> {
    Ok(id + amount.0)
}

fn main() {}
