use idem::idempotent;

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge(id: u64) -> () {
    drop(id);
}

fn main() {}
