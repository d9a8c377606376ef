//! Nearly its name.
use idem::idempotent;

#[idempotent(key = "pay:{order}", strategy = "count", limits = 3)]
async fn pay(order: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
