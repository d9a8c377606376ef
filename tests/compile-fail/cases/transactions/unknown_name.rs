use idem::{Error, idempotent};

struct Transaction<'t>(&'t ());

#[idempotent(key = "pay:{order}", strategy = "db", tx = ts)]
async fn pay(tx: &mut Transaction<'_>, order: u64) -> Result<u64, Error> {
    Ok(order)
}

fn main() {}
