use idem::idempotent;

#[idempotent(key = "charge:{id}", strategy = "setnx")]
const CHARGE: u64 = 1;

fn main() {}
