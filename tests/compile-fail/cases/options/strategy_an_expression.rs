use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = match MODE { _ => "setnx" })]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}
const MODE: u8 = 1;

fn main() {}
