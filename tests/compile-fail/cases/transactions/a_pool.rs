use idem::{Error, idempotent};

struct PgPool;

#[idempotent(key = "pay:{order}", strategy = "db", tx = pool)]
async fn pay(pool: &PgPool, order: u64) -> Result<u64, Error> {
    Ok(order)
}

fn main() {}
