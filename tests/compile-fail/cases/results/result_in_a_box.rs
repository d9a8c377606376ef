use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge(id: u64) -> Box<Result<u64, Error>> {
    Box::new(Ok(id))
}

fn main() {}
