use idem::{Error, idempotent};

async fn engine() -> idem::Idem {
    idem::Idem::in_memory()
}

#[idempotent(key = "charge:{id}", strategy = "setnx", engine = engine())]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
