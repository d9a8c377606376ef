// mistakes: 3
use idem::{Error, idempotent};

struct Shop;

impl Shop {
    #[idempotent(key = "charge:{id}", strategy = "setnx", on_cancel = "finish")]
    async fn charge(&self, id: &u64, name: Option<&str>) -> Result<u64, Error> {
        drop(name);
        Ok(*id)
    }
}

fn main() {}
