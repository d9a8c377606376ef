use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge(id: (u8, u8)) -> Result<u64, Error> {
    let _ = id;
    Ok(1)
}

fn main() {}
