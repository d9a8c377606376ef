// mistakes: 3
use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx", on_err = "retry", on_duplicate = "error", on_outage = "fail_open")]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
