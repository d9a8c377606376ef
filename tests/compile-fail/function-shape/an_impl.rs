use idem::{Error, idempotent};

struct Shop;

#[idempotent(key = "charge:{id}", strategy = "setnx")]
impl Shop {
    async fn charge(&self, id: u64) -> Result<u64, Error> {
        Ok(id)
    }
}

fn main() {}
