use idem::{Error, idempotent};

#[idempotent(key = "pay:{user}:{user}", strategy = "setnx")]
async fn pay(user: u64, order: u64) -> Result<u64, Error> {
    Ok(user + order)
}

fn main() {}
