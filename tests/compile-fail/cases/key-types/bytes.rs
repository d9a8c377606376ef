use idem::{Error, idempotent};

#[idempotent(key = "charge:{k}", strategy = "setnx")]
async fn charge(k: &[u8]) -> Result<u64, Error> {
    let _ = k;
    Ok(1)
}

fn main() {}
