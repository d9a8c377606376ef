use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx", fingerprint(!note))]
async fn charge(id: u64, note: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
