use idem::{Error, idempotent};

struct Shop;

impl Shop {
    #[idempotent(key = "charge:{id}", strategy = "setnx", engine = idem::Idem::in_memory().clone())]
    async fn charge(&self, id: u64) -> Result<u64, Error> {
        Ok(id)
    }
}

fn main() {}
