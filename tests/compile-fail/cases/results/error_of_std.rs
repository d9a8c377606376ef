use idem::idempotent;

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge(id: u64) -> std::io::Result<u64> {
    Ok(id)
}

fn main() {}
