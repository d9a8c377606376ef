use idem::{Error, idempotent};

struct U;

#[idempotent(key = "charge:{u}", strategy = "setnx")]
async fn charge(u: std::sync::Arc<U>) -> Result<u64, Error> {
    drop(u);
    Ok(1)
}

fn main() {}
