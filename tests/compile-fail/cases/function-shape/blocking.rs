use idem::{Error, idempotent};

fn block_on<T>(_: impl Future<Output = T>) -> T {
    loop {}
}

#[idempotent(key = "charge:{id}", strategy = "setnx")]
fn charge(id: u64) -> Result<u64, Error> {
    block_on(async move { Ok(id) })
}

fn main() {}
