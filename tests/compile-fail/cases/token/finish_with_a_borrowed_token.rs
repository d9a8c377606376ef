use idem::{Token, idempotent};

#[idempotent(key = "pay:{user}", strategy = "token", token = token, on_cancel = "finish")]
async fn pay(user: u64, token: &Token) -> Result<u64, idem::Error> {
    Ok(user)
}

fn main() {}
