use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge(id: u64) -> (u64, Error) {
    (id, Error::NotInstalled)
}

fn main() {}
