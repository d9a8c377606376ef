use idem::idempotent;

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge(id: u64) -> Result<u64, String> {
    Ok(id)
}

fn main() {}
