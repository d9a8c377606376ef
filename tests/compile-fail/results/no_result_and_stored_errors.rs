use idem::idempotent;

#[idempotent(key = "charge:{id}", strategy = "setnx", on_err = "store")]
async fn charge(id: u64) -> Option<u64> {
    Some(id)
}

fn main() {}
