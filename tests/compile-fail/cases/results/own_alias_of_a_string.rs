use idem::idempotent;

type Result<T> = std::result::Result<T, String>;

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge(id: u64) -> Result<u64> {
    Ok(id)
}

fn main() {}
