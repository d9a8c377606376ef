use idem::idempotent;

#[idempotent(key = "charge:{id}", strategy = "setnx")]
struct Charge {
    id: u64,
}

fn main() {}
