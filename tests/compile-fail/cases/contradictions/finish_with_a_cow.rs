use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx", on_cancel = "finish")]
async fn charge(id: std::borrow::Cow<'_, str>) -> Result<u64, Error> {
    let _ = id;
    Ok(1)
}

fn main() {}
