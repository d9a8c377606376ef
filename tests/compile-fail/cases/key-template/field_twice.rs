use idem::{Error, idempotent};

struct Request {
    user: u64,
    r#type: u64,
}

#[idempotent(key = "pay:{req.type}:{req.user}/{req.r#type}", strategy = "setnx")]
async fn pay(req: &Request) -> Result<u64, Error> {
    Ok(req.user + req.r#type)
}

fn main() {}
