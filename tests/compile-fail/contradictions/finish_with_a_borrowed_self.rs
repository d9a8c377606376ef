use idem::{Error, idempotent};

struct Shop;

impl Shop {
    #[idempotent(key = "charge:{id}", strategy = "setnx", on_cancel = "finish")]
    async fn charge(&self, id: u64) -> Result<u64, Error> {
        Ok(id)
    }
}

fn main() {}
