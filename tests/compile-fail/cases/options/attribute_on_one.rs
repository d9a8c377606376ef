use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx", #[cfg(debug_assertions)] ttl = "1m")]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
