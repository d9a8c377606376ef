use idem::{Error, idempotent};

#[derive(Debug)]
enum Pay {
    Guard { error: Error },
}

#[idempotent(key = "charge:{id}", strategy = "setnx", map_err = Pay::Guard)]
async fn charge(id: u64) -> Result<u64, Pay> {
    Ok(id)
}

fn main() {}
