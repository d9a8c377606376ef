use std::any::Any;

use idem::{Error, idempotent};

#[idempotent(key = "pay:{order}", strategy = "db", tx = tx)]
async fn pay(tx: &mut dyn Any, order: u64) -> Result<u64, Error> {
    Ok(order)
}

fn main() {}
