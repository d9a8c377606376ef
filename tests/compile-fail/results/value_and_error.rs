// mistakes: 2
use idem::idempotent;

struct Receipt;
struct PayError;

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge(id: u64) -> Result<Receipt, PayError> {
    drop(id);
    Ok(Receipt)
}

fn main() {}
