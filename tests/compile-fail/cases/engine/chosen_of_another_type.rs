use idem::{Error, idempotent};

#[idempotent(
    key = "charge:{id}",
    strategy = "setnx",
    engine = match id {
        0 => "first",
        _ => "second",
    }
)]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
