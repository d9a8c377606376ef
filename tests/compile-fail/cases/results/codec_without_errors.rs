use idem::{Error, idempotent};

struct PayError;

impl From<Error> for PayError {
    fn from(_: Error) -> Self {
        Self
    }
}

struct Own;

impl idem::Codec<u64> for Own {
    const NAME: &'static str = "own";
    fn encode(_: &u64, _: &mut Vec<u8>) -> Result<(), idem::Source> {
        Ok(())
    }
    fn decode(_: &[u8]) -> Result<u64, idem::Source> {
        Ok(1)
    }
}

#[idempotent(key = "charge:{id}", strategy = "setnx", codec = Own, on_err = "store")]
async fn charge(id: u64) -> Result<u64, PayError> {
    Ok(id)
}

fn main() {}
