use idem::{Error, idempotent};

struct User(u64);

#[idempotent(key = "charge:{order}:{usr}", strategy = "setnx")]
async fn charge(order: u64, user: User) -> Result<u64, Error> {
    Ok(order + user.0)
}

fn main() {}
