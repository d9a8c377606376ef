use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge<T: serde::Serialize>(id: u64, t: T) -> Result<T, Error> {
    let _ = id;
    Ok(t)
}

fn main() {}
