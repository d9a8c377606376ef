//! Half an attempt.
use idem::idempotent;

#[idempotent(key = "pay:{order}", strategy = "count", limit = 1.5)]
async fn pay(order: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
