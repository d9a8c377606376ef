use idem::{Error, idempotent};

use std::pin::Pin;

#[idempotent(key = "charge:{id}", strategy = "setnx")]
fn charge(id: u64) -> Pin<Box<dyn Future<Output = Result<u64, Error>> + Send>> {
    let id = id + 1;
    Box::pin(async move { Ok(id) })
}

fn main() {}
