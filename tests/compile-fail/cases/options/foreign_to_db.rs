use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "db", on_outage = "run")]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
