use idem::{Error, idempotent};

#[derive(serde::Serialize)]
struct Receipt<'a> {
    name: &'a str,
}

#[idempotent(key = "charge:{name}", strategy = "setnx")]
async fn charge<'a>(name: &'a str) -> Result<Receipt<'a>, Error> {
    Ok(Receipt { name })
}

fn main() {}
