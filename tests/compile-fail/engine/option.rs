use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx", engine = Some(engine))]
async fn charge(id: u64, engine: &idem::Idem) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
