use idem::{Error, idempotent};

struct PgConnection;

#[idempotent(key = "pay:{order}", strategy = "db", tx = conn)]
async fn pay(conn: &mut PgConnection, order: u64) -> Result<u64, Error> {
    let _ = conn;
    Ok(order)
}

fn main() {}
