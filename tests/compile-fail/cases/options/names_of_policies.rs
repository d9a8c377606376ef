// mistakes: 3
use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx", on_failure = "release", on_conflict = "reject", fail_open = true)]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
