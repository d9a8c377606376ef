use idem::{Error, IdempotencyKey, KeyPart, idempotent};

#[derive(KeyPart)]
struct Header(IdempotencyKey);

#[idempotent(key = "charge:{user.id}:{key}", strategy = "setnx")]
async fn charge(user: &User, key: Header) -> Result<u64, Error> {
    drop(key);
    Ok(user.id)
}

struct User {
    id: u64,
}

fn main() {}
