use idem::idempotent;

#[idempotent(key = "charge:{id}", strategy = "setnx", map_err = Into::<String>::into)]
async fn charge(id: u64) -> Result<u64, String> {
    Ok(id)
}

fn main() {}
