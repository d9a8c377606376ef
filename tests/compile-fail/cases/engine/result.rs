use idem::{Error, idempotent};

fn make() -> Result<idem::Idem, Error> {
    Err(Error::NotInstalled)
}

#[idempotent(key = "charge:{id}", strategy = "setnx", engine = make())]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
