use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx", on_cancel = "finish", engine = idem)]
async fn charge(id: u64, idem: &idem::Idem) -> Result<u64, Error> {
    let _ = idem;
    Ok(id)
}

fn main() {}
