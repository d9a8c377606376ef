use idem::{Error, idempotent};

#[idempotent(key = "pay:{order}", strategy = "db", transaction = tx)]
async fn pay(tx: &mut PgTransaction<'_>, order: u64) -> Result<u64, Error> {
    let _ = tx;
    Ok(order)
}

struct PgTransaction<'a>(&'a ());

fn main() {}
