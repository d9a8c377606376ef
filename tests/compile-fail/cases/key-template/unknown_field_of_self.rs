use idem::{Error, idempotent};

struct S {
    id: u64,
}

impl S {
    #[idempotent(key = "charge:{self.ident}", strategy = "setnx")]
    async fn charge(&self) -> Result<u64, Error> {
        Ok(self.id)
    }
}

fn main() {}
