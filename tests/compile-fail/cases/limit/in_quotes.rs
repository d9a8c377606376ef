//! A number in quotes.
use idem::idempotent;

#[idempotent(key = "pay:{order}", strategy = "count", limit = "3")]
async fn pay(order: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
