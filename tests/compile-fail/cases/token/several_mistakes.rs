// mistakes: 3
use idem::{Token, idempotent};

#[idempotent(key = "pay:{user}", strategy = "token", token = "token", store = "sql", ttl = "1 h")]
async fn pay(user: u64, token: Token) -> Result<u64, idem::Error> {
    Ok(user)
}

fn main() {}
