use idem::{Error, idempotent};

struct Amount {
    cents: u64,
}

#[idempotent(key = "charge:{id}", strategy = "setnx", fingerprint(amount.cent))]
async fn charge(id: u64, amount: Amount) -> Result<u64, Error> {
    Ok(id + amount.cents)
}

fn main() {}
