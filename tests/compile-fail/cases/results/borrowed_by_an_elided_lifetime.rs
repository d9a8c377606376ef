use idem::{Error, idempotent};

#[derive(serde::Serialize, serde::Deserialize)]
struct Receipt<'a> {
    name: &'a str,
}

#[idempotent(key = "charge:{name}", strategy = "setnx")]
async fn charge(name: &str) -> Result<Receipt, Error> {
    Ok(Receipt { name })
}

fn main() {}
