use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge<T>(id: u64, make: fn(u64) -> T) -> Result<T, Error> {
    Ok(make(id))
}

fn main() {}
