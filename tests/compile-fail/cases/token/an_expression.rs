use idem::idempotent;

#[idempotent(key = "pay:{user}", strategy = "token", token = idem::Token::from(text))]
async fn pay(user: u64, text: String) -> Result<u64, idem::Error> {
    Ok(user)
}

fn main() {}
