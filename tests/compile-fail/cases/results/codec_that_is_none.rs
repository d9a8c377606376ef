use idem::{Error, idempotent};

struct Bincode;

#[idempotent(key = "charge:{id}", strategy = "setnx", codec = Bincode)]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
