// mistakes: 4
use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "redis", ttl = "0s", weit = "5s", on_err = "explode")]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
