use idem::{Error, idempotent};

#[idempotent(key = "charge:{ids}", strategy = "setnx")]
async fn charge(ids: Vec<u64>) -> Result<u64, Error> {
    Ok(ids[0])
}

fn main() {}
