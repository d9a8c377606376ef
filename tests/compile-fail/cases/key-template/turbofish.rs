use idem::{Error, idempotent};

#[idempotent(key = "charge:{id.parse::<u8>()}", strategy = "setnx")]
async fn charge(id: &str) -> Result<u64, Error> {
    let _ = id;
    Ok(1)
}

fn main() {}
