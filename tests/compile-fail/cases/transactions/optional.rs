use idem::{Error, idempotent};

struct PgTransaction<'t>(&'t ());

#[idempotent(key = "pay:{order}", strategy = "db", tx = tx)]
async fn pay(tx: Option<&mut PgTransaction<'_>>, order: u64) -> Result<u64, Error> {
    Ok(order)
}

fn main() {}
