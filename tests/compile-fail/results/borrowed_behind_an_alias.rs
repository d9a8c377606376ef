use idem::{Error, idempotent};

type Answer<'a> = Result<&'a str, Error>;

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge<'a>(id: u64, name: &'a str) -> Answer<'a> {
    drop(id);
    Ok(name)
}

fn main() {}
