use idem::{Error, idempotent};

#[idempotent(key = "charge:{name}", strategy = "setnx")]
async fn charge(name: String) -> Result<u64, Error> {
    drop(name);
    Ok(name.len() as u64)
}

fn main() {}
