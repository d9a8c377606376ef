use idem::idempotent;

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge(id: u64) -> Option<u64> {
    Some(id)
}

fn main() {}
