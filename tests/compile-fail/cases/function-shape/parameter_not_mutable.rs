use idem::{Error, idempotent};

#[idempotent(key = "charge:{name}", strategy = "setnx")]
async fn charge(name: String) -> Result<u64, Error> {
    name.push('x');
    Ok(1)
}

fn main() {}
