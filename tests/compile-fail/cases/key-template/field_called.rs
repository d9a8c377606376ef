use idem::{Error, idempotent};

struct U {
    id: u64,
}

#[idempotent(key = "charge:{user.id()}", strategy = "setnx")]
async fn charge(user: &U) -> Result<u64, Error> {
    let _ = user.id;
    Ok(1)
}

fn main() {}
