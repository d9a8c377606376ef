use idem::idempotent;

#[idempotent(key = "pay:{user}", strategy = "token", token = token)]
async fn pay(user: u64, #[cfg(windows)] token: idem::Token) -> Result<u64, idem::Error> {
    Ok(user)
}

fn main() {}
