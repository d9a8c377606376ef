use idem::{Error, idempotent};

fn judge<E>(_: &E) -> idem::OnErr {
    idem::OnErr::Hold
}

#[idempotent(key = "charge:{id}", strategy = "setnx", on_err = judge::<u8>)]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
