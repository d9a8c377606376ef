//! What counts never runs uncounted.
use idem::idempotent;

#[idempotent(key = "pay:{order}", strategy = "count", on_outage = "run")]
async fn pay(order: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
