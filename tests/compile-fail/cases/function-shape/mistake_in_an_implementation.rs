use idem::{Error, idempotent};

trait A {
    async fn charge(&self, id: u64) -> Result<u64, Error>;
}

struct S;

impl A for S {
    #[idempotent(key = "charge", strategy = "setnx")]
    async fn charge(&self, id: u64) -> Result<u64, Error> {
        Ok(id)
    }
}

fn main() {}
