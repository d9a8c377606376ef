//! A word that on_err doesn't have.
use idem::idempotent;

#[idempotent(key = "pay:{order}", strategy = "count", on_err = "spend")]
async fn pay(order: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
