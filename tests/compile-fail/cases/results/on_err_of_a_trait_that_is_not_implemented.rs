use idem::{Error, OnErr, idempotent};

trait Judge {
    fn judge(error: &Error) -> OnErr;
}

struct Strict;

#[idempotent(key = "charge:{id}", strategy = "setnx", on_err = <Strict as Judge>::judge)]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
