use idem::{Error, idempotent};

struct MySqlTransaction<'t>(&'t ());

#[idempotent(key = "pay:{order}", strategy = "setnx")]
async fn pay(tx: &mut MySqlTransaction<'_>, order: u64) -> Result<u64, Error> {
    let _ = tx;
    Ok(order)
}

fn main() {}
