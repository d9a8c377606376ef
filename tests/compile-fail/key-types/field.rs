use idem::{Error, idempotent};

struct User {
    balance: f64,
}

#[idempotent(key = "charge:{user.balance}", strategy = "setnx")]
async fn charge(user: &User) -> Result<u64, Error> {
    Ok(user.balance as u64)
}

fn main() {}
