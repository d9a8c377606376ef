use idem::{Error, idempotent};

struct Fixed;

impl idem::Codec<u32> for Fixed {
    const NAME: &'static str = "fixed";

    fn encode(_: &u32, _: &mut Vec<u8>) -> Result<(), idem::Source> {
        Ok(())
    }

    fn decode(_: &[u8]) -> Result<u32, idem::Source> {
        Ok(0)
    }
}

#[idempotent(key = "charge:{id}", strategy = "setnx", codec = Fixed)]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
