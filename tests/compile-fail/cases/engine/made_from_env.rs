use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx", engine = std::sync::Arc::new(idem::Idem::from_env().await?))]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
