use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx", on_duplicate = "reject", codec = idem::Json)]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
