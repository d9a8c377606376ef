use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx", on_cancel = "finish")]
async fn charge(id: u64, name: &str) -> Result<u64, Error> {
    drop(name);
    Ok(id)
}

fn main() {}
