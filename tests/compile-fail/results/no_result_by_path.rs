use idem::{Error, idempotent};

fn convert(_: Error) -> Error {
    Error::NotInstalled
}

#[idempotent(key = "charge:{id}", strategy = "setnx", map_err = convert, on_err = "store")]
async fn charge(id: u64) -> Option<u64> {
    Some(id)
}

fn main() {}
