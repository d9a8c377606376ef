use idem::{Error, idempotent};

#[idempotent(key = "charge:{id.await}", strategy = "setnx")]
async fn charge(id: std::future::Ready<u64>) -> Result<u64, Error> {
    Ok(id.await)
}

fn main() {}
