use idem::{Token, idempotent};

struct Form {
    token: Vec<Token>,
}

#[idempotent(key = "pay:{user}", strategy = "token", token = form.token)]
async fn pay(user: u64, form: Form) -> Result<u64, idem::Error> {
    Ok(user)
}

fn main() {}
