use idem::{Error, idempotent};

#[idempotent(key = "charge:{name}", strategy = "setnx")]
async fn charge(name: Box<dyn std::fmt::Display>) -> Result<u64, Error> {
    drop(name);
    Ok(1)
}

fn main() {}
