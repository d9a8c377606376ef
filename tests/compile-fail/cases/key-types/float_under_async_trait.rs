use idem::{Error, idempotent};

#[async_trait::async_trait]
trait A {
    async fn charge(&self, id: f64) -> Result<u64, Error>;
}

struct S;

#[async_trait::async_trait]
impl A for S {
    #[idempotent(key = "charge:{id}", strategy = "setnx")]
    async fn charge(&self, id: f64) -> Result<u64, Error> {
        let _ = id;
        Ok(1)
    }
}

fn main() {}
