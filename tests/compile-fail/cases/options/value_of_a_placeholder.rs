use idem::{Error, idempotent};

struct User {
    id: u64,
}

#[idempotent(key = "charge:{id}", id = user.id, strategy = "setnx")]
async fn charge(user: &User) -> Result<u64, Error> {
    Ok(user.id)
}

fn main() {}
