//! So many that it is no limit.
use idem::idempotent;

#[idempotent(key = "pay:{order}", strategy = "count", limit = 1_000_001)]
async fn pay(order: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
