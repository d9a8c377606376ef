use idem::{Error, idempotent};

fn judge(_: &Error) -> bool {
    true
}

#[idempotent(key = "charge:{id}", strategy = "setnx", on_err = judge)]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
