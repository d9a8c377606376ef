use idem::{Token, idempotent};

#[idempotent(key = "pay:{user}", strategy = "token", token = self.token)]
async fn pay(user: u64, token: Token) -> Result<u64, idem::Error> {
    Ok(user)
}

fn main() {}
