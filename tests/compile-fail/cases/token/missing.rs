use idem::{Token, idempotent};

#[idempotent(key = "pay:{user}", strategy = "token")]
async fn pay(user: u64, form_token: Token) -> Result<u64, idem::Error> {
    Ok(user)
}

fn main() {}
