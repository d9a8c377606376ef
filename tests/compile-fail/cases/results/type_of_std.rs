use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge(id: u64) -> Result<std::time::Instant, Error> {
    let _ = id;
    Ok(std::time::Instant::now())
}

fn main() {}
