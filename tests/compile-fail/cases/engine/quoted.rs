use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx", engine = "app.idem")]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
