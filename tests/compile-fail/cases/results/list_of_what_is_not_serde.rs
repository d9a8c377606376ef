use idem::{Error, idempotent};

struct Receipt;

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge(id: u64) -> Result<Vec<Receipt>, Error> {
    let _ = id;
    Ok(vec![Receipt])
}

fn main() {}
