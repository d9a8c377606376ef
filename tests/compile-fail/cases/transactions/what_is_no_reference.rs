use idem::{Error, idempotent};

#[idempotent(key = "pay:{order}", strategy = "db", tx = tx)]
async fn pay(tx: (u64, u64), order: u64) -> Result<u64, Error> {
    let _ = tx;
    Ok(order)
}

fn main() {}
