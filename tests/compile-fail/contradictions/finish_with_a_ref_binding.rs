use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx", on_cancel = "finish")]
async fn charge(id: u64, (ref a, _): (String, u8)) -> Result<u64, Error> {
    drop(a);
    Ok(id)
}

fn main() {}
