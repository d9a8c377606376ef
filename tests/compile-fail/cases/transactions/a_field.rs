use idem::{Error, idempotent};

struct Unit<'t> {
    tx: &'t mut (),
}

#[idempotent(key = "pay:{order}", strategy = "db", tx = unit.tx)]
async fn pay(unit: Unit<'_>, order: u64) -> Result<u64, Error> {
    Ok(order)
}

fn main() {}
