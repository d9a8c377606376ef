// mistakes: 2
use idem::idempotent;

#[idempotent(key = "charge:{oder}", strategy = "setnx")]
async fn charge(order: u64) -> u64 {
    order
}

fn main() {}
