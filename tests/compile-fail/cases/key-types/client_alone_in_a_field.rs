use idem::{Error, IdempotencyKey, idempotent};

struct Req {
    key: IdempotencyKey,
    n: u64,
}

#[idempotent(key = "charge:{req.key}", strategy = "setnx", fingerprint(req.n))]
async fn charge(req: Req) -> Result<u64, Error> {
    let _ = &req.key;
    Ok(req.n)
}

fn main() {}
