use idem::{Error, idempotent};

#[idempotent]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
