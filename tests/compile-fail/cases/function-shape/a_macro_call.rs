use idem::idempotent;

#[idempotent(key = "charge:{id}", strategy = "setnx")]
thread_local!(static A: u8 = 1);

fn main() {}
