use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge(id: u64) -> Result<Box<dyn std::fmt::Debug>, Error> {
    Ok(Box::new(id))
}

fn main() {}
