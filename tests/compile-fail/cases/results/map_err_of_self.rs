use idem::{Error, idempotent};

struct S;

impl S {
    fn convert(&self, error: Error) -> Error {
        error
    }
    #[idempotent(key = "charge:{id}", strategy = "setnx", map_err = self.convert)]
    async fn charge(&self, id: u64) -> Result<u64, Error> {
        Ok(id)
    }
}

fn main() {}
