use idem::{Error, idempotent};

mod bincode {}

#[idempotent(key = "charge:{id}", strategy = "setnx", codec = bincode)]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
