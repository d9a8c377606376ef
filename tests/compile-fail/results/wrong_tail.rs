use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx", wait = "5s")]
async fn charge(id: u64) -> Result<u64, Error> {
    id
}

fn main() {}
