use idem::idempotent;

trait Api {
    type Error;
}

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge<A: Api>(id: u64, a: A) -> Result<u64, A::Error> {
    drop(a);
    Ok(id)
}

fn main() {}
