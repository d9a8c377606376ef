use idem::{Error, idempotent};

#[idempotent(key = "pay:{order}", strategy = "db", tx = tx)]
async fn pay<X>(tx: &mut X, order: u64) -> Result<u64, Error> {
    let _ = tx;
    Ok(order)
}

fn main() {}
