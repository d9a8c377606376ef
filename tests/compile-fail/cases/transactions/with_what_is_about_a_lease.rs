// mistakes: 4
use idem::{Error, idempotent};

struct PgTransaction<'t>(&'t ());

#[idempotent(
    key = "pay:{order}",
    strategy = "db",
    tx = tx,
    lease = "10s",
    max_runtime = "1m",
    on_err = "hold",
    on_cancel = "finish"
)]
async fn pay(tx: &mut PgTransaction<'_>, order: u64) -> Result<u64, Error> {
    Ok(order)
}

fn main() {}
