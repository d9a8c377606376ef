//! A strategy that counts nothing.
use idem::idempotent;

#[idempotent(key = "pay:{order}", strategy = "setnx", limit = 3)]
async fn pay(order: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
