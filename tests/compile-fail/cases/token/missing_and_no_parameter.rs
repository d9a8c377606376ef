use idem::{Token, idempotent};

#[idempotent(key = "pay:{user}", strategy = "token", store = "db")]
async fn pay(user: u64) -> Result<u64, idem::Error> {
    let _ = Token::from(String::new());
    Ok(user)
}

fn main() {}
