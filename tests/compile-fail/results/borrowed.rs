use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge(id: u64, name: &str) -> Result<&str, Error> {
    drop(id);
    Ok(name)
}

fn main() {}
