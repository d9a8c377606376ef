use idem::{Error, idempotent};

type BoxFuture<T> = std::pin::Pin<Box<dyn Future<Output = T> + Send>>;

#[idempotent(key = "charge:{id}", strategy = "setnx")]
fn charge(id: u64) -> BoxFuture<Result<u64, Error>> {
    Box::pin(async move { Ok(id) })
}

fn main() {}
