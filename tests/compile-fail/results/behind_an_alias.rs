use idem::{Error, idempotent};

struct Receipt;
type Answer = Result<Receipt, Error>;

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge(id: u64) -> Answer {
    drop(id);
    Ok(Receipt)
}

fn main() {}
