use idem::{Error, idempotent};

fn judge(_: &Error) -> idem::OnErr {
    idem::OnErr::Hold
}

#[idempotent(key = "charge:{id}", strategy = "setnx", on_err = judge)]
async fn charge(id: u64) -> Option<u64> {
    Some(id)
}

fn main() {}
