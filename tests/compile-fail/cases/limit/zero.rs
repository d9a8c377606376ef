//! No attempt at all.
use idem::idempotent;

#[idempotent(key = "pay:{order}", strategy = "count", limit = 0)]
async fn pay(order: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
