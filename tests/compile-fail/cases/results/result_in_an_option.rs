use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge(id: u64) -> Option<Result<u64, Error>> {
    Some(Ok(id))
}

fn main() {}
