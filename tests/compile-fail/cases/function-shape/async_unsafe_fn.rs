use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx")]
pub(crate) async unsafe fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
