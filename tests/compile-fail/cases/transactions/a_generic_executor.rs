// mistakes: 2
use idem::{Error, idempotent};

trait Executor<'c> {}

#[idempotent(key = "pay:{order}", strategy = "db", tx = tx)]
async fn pay<'c, E: Executor<'c>>(tx: E, order: u64) -> Result<u64, Error> {
    let _ = tx;
    Ok(order)
}

#[idempotent(key = "refund:{order}", strategy = "db", tx = tx)]
async fn refund<'c, E>(tx: E, order: u64) -> Result<u64, Error>
where
    E: Executor<'c>,
{
    let _ = tx;
    Ok(order)
}

fn main() {}
