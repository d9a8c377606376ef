use idem::{Error, idempotent};

struct Amount {
    cents: Cents,
}

struct Cents;

#[idempotent(key = "charge:{id}", strategy = "setnx", fingerprint(amount.cents))]
async fn charge(id: u64, amount: Amount) -> Result<u64, Error> {
    drop(amount);
    Ok(id)
}

fn main() {}
