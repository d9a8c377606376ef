use idem::{Token, idempotent};

#[idempotent(key = "pay:{user}", strategy = "token", token = token)]
async fn pay(user: u64, token: Option<Token>) -> Result<u64, idem::Error> {
    Ok(user)
}

fn main() {}
