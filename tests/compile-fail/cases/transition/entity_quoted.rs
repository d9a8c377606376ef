use idem::{Error, idempotent};

#[idempotent(
    strategy = "state",
    key = "pay:{callback}:{order}",
    transition = Order::Pending => Order::Paid,
    entity = "{order}",
    tx = tx
)]
async fn pay(tx: &mut Transaction, callback: u64, order: u64) -> Result<u64, Error> {
    let _ = tx;
    Ok(callback + order)
}

struct Transaction;

fn main() {}
