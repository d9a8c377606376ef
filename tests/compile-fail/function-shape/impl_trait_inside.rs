use idem::{Error, idempotent};

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge(id: u64) -> Result<impl Send, Error> {
    Ok::<_, Error>(id)
}

fn main() {}
