use idem::{Error, idempotent};

const DAY: &str = "24h";

#[idempotent(key = "charge:{id}", strategy = "setnx", ttl = DAY)]
async fn charge(id: u64) -> Result<u64, Error> {
    Ok(id)
}

fn main() {}
