// mistakes: 2
use idem::{Token, idempotent};

#[idempotent(key = "pay:{user}", strategy = "setnx", token = token, store = "kv")]
async fn pay(user: u64, token: Token) -> Result<u64, idem::Error> {
    Ok(user)
}

fn main() {}
