use idem::{Error, idempotent};

#[idempotent(key = "charge:{r#typ}", strategy = "setnx")]
async fn charge(r#type: u64) -> Result<u64, Error> {
    Ok(r#type)
}

fn main() {}
