use idem::{Error, idempotent};

struct Shop;

#[async_trait::async_trait]
trait Charge {
    async fn charge(&self, order: u64) -> Result<u64, Error>;
}

#[async_trait::async_trait]
impl Charge for Shop {
    #[idempotent(key = "charge:{oder}", strategy = "setnx")]
    async fn charge(&self, order: u64) -> Result<u64, Error> {
        Ok(order)
    }
}

fn main() {}
