use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge(id: &str) -> Result<std::borrow::Cow<'_, str>, Error> {
    Ok(id.into())
}

fn main() {}
