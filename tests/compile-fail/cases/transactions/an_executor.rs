use idem::{Error, idempotent};

trait Executor {}

#[idempotent(key = "pay:{order}", strategy = "db", tx = tx)]
async fn pay(tx: impl Executor, order: u64) -> Result<u64, Error> {
    Ok(order)
}

fn main() {}
