//! A number as a word.
use idem::idempotent;

#[idempotent(key = "pay:{order}", strategy = "count", limit = "three")]
async fn pay(order: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
