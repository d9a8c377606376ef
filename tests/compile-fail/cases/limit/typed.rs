//! A number with a type.
use idem::idempotent;

#[idempotent(key = "pay:{order}", strategy = "count", limit = 3u32)]
async fn pay(order: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
