use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge(id: u64) -> Result<&'static str, Error> {
    let _ = id;
    Ok("x")
}

fn main() {}
