use idem::idempotent;

#[idempotent(key = "charge:{id}", strategy = "setnx")]
mod charge {}

fn main() {}
