use idem::idempotent;

struct PayError;

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge(id: u64) -> Result<u64, PayError> {
    Ok(id)
}

fn main() {}
