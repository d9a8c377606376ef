use idem::{Error, idempotent};

trait Shop {
    #[idempotent(key = "charge:{id}", strategy = "setnx")]
    async fn charge(&self, id: u64) -> Result<u64, Error>;
}

fn main() {}
