use idem::{Error, idempotent};

struct PgTransaction<'t>(&'t ());

#[idempotent(key = "pay:{order}", strategy = "db")]
async fn pay(order: u64, tx: &mut PgTransaction<'_>) -> Result<u64, Error> {
    let _ = tx;
    Ok(order)
}

fn main() {}
