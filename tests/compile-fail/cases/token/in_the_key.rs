use idem::{Token, idempotent};

#[idempotent(key = "pay:{token}", strategy = "token", token = token)]
async fn pay(token: Token) -> Result<u64, idem::Error> {
    Ok(1)
}

fn main() {}
