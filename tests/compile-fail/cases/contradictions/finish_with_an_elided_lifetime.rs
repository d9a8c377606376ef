use idem::{Error, idempotent};

struct Req<'a>(&'a str);

#[idempotent(key = "charge:{id}", strategy = "setnx", on_cancel = "finish")]
async fn charge(id: u64, req: Req) -> Result<u64, Error> {
    let _ = req.0;
    Ok(id)
}

fn main() {}
