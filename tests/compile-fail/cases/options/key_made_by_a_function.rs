use idem::{Error, idempotent};

#[idempotent(key_fn = make_key, strategy = "setnx")]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
