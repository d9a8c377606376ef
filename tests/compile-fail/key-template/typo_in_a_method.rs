use idem::{Error, idempotent};

struct Shop;

impl Shop {
    #[idempotent(key = "charge:{oder}", strategy = "setnx")]
    async fn charge(&self, order: u64) -> Result<u64, Error> {
        Ok(order)
    }
}

fn main() {}
