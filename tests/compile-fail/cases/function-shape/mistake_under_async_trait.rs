use idem::{Error, idempotent};

#[async_trait::async_trait]
trait A {
    async fn charge(&self, id: u64) -> Result<u64, Error>;
}

struct S;

#[async_trait::async_trait]
impl A for S {
    #[idempotent(key = "charge:{id}", strategy = "setnx", tl = "5s")]
    async fn charge(&self, id: u64) -> Result<u64, Error> {
        Ok(id)
    }
}

fn main() {}
