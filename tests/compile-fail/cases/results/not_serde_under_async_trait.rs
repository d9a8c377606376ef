use idem::{Error, idempotent};

struct R;

#[async_trait::async_trait]
trait A {
    async fn charge(&self, id: u64) -> Result<R, Error>;
}

struct S;

#[async_trait::async_trait]
impl A for S {
    #[idempotent(key = "charge:{id}", strategy = "setnx")]
    async fn charge(&self, id: u64) -> Result<R, Error> {
        let _ = id;
        Ok(R)
    }
}

fn main() {}
