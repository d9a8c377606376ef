use idem::{Error, idempotent};

struct Shop {
    tenant: u64,
}

impl Shop {
    #[idempotent(key = "charge:{tenant}:{id}", strategy = "setnx")]
    async fn charge(&self, id: u64) -> Result<u64, Error> {
        Ok(self.tenant + id)
    }
}

fn main() {}
