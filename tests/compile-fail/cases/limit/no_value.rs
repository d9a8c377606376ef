//! No value.
use idem::idempotent;

#[idempotent(key = "pay:{order}", strategy = "count", limit)]
async fn pay(order: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
