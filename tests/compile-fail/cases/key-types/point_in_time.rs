use idem::{Error, idempotent};

#[idempotent(key = "charge:{at}", strategy = "setnx")]
async fn charge(at: std::time::SystemTime) -> Result<u64, Error> {
    let _ = at;
    Ok(1)
}

fn main() {}
