use idem::{Error, idempotent};

struct PayError;

impl From<Error> for PayError {
    fn from(_: Error) -> Self {
        Self
    }
}

#[idempotent(key = "charge:{id}", strategy = "setnx", on_err = "store")]
async fn charge(id: u64) -> Result<u64, PayError> {
    Ok(id)
}

fn main() {}
