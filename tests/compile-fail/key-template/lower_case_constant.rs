use idem::{Error, idempotent};

#[allow(non_upper_case_globals)]
const order_idd: &str = "acme";

#[idempotent(key = "charge:{order_idd}", strategy = "setnx")]
async fn charge(order_id: u64) -> Result<u64, Error> {
    Ok(order_id)
}

fn main() {}
