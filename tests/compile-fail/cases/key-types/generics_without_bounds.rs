// mistakes: 2
use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge<K, T: Default>(id: K) -> Result<T, Error> {
    drop(id);
    Ok(T::default())
}

fn main() {}
