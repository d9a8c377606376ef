use idem::{Token, idempotent};

#[idempotent(key = "pay:{user}", strategy = "token", token = token)]
async fn pay(user: u64, token: &str) -> Result<u64, idem::Error> {
    let _: Option<Token> = None;
    Ok(user)
}

fn main() {}
