use idem::{Error, IdempotencyKey, idempotent};

struct Request {
    key: IdempotencyKey,
    user: u64,
}

#[idempotent(key = "charge:{request.user}:{request.key.as_str()}", strategy = "setnx")]
async fn charge(request: Request) -> Result<u64, Error> {
    Ok(request.user)
}

fn main() {}
