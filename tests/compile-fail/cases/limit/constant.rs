//! A constant, which the macro can't read.
use idem::idempotent;

#[idempotent(key = "pay:{order}", strategy = "count", limit = ATTEMPTS)]
async fn pay(order: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
