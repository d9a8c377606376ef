use idem::{Error, idempotent};

trait A {
    async fn charge(&self, id: u64) -> Result<u64, Error>;
}

struct S;

impl A for S {
    #[idempotent(key = "charge:{id}", strategy = "setnx")]
    async fn charge(&self, id: u64, extra: u8) -> Result<u64, Error> {
        let _ = extra;
        Ok(id)
    }
}

fn main() {}
