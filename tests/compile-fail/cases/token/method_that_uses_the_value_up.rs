use idem::{Token, idempotent};

struct Form {
    token: Token,
}

impl Form {
    fn into_token(self) -> Token {
        self.token
    }
}

#[idempotent(key = "pay:{user}", strategy = "token", token = form.into_token())]
async fn pay(user: u64, form: Form) -> Result<u64, idem::Error> {
    let Form { token: _ } = form;
    Ok(user)
}

fn main() {}
