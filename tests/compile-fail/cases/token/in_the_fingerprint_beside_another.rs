use idem::{Error, Token, idempotent};

#[idempotent(key = "pay:{user}", strategy = "token", token = token, fingerprint(amount, token.as_str()))]
async fn pay(user: u64, amount: u64, token: Token) -> Result<u64, Error> {
    Ok(user + amount)
}

fn main() {}
