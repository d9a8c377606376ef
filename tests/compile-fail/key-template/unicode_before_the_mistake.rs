use idem::{Error, idempotent};

#[idempotent(key = "überweisung:{id}:{nummer:?}", strategy = "setnx")]
async fn charge(id: u64, nummer: u64) -> Result<u64, Error> {
    Ok(id + nummer)
}

fn main() {}
