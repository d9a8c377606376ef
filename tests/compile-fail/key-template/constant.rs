use idem::{Error, idempotent};

const TENANT: &str = "acme";

#[idempotent(key = "charge:{TENANT}", strategy = "setnx")]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
