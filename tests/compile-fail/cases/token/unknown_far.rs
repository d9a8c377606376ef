use idem::{Token, idempotent};

#[idempotent(key = "pay:{user}", strategy = "token", token = header.token)]
async fn pay(user: u64, form: Token) -> Result<u64, idem::Error> {
    Ok(user)
}

fn main() {}
