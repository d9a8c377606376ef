use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx", on_cancel = "finish")]
async fn charge<T>(id: u64, t: T) -> Result<u64, Error> {
    drop(t);
    Ok(id)
}

fn main() {}
