use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx")]
trait Charge {
    async fn charge(&self, id: u64) -> Result<u64, Error>;
}

fn main() {}
