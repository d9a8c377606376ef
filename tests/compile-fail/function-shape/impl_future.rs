use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx")]
fn charge(id: u64) -> impl Future<Output = Result<u64, Error>> {
    async move { Ok(id) }
}

fn main() {}
