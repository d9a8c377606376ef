use idem::{Error, idempotent};

struct Pool<D>(D);

#[idempotent(key = "pay:{order}", strategy = "db", tx = pool)]
async fn pay(pool: Pool<()>, order: u64) -> Result<u64, Error> {
    Ok(order)
}

fn main() {}
