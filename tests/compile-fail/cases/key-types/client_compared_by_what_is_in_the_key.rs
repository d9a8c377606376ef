use idem::{Error, IdempotencyKey, KeyPart, idempotent};
use serde::Serialize;

#[derive(KeyPart, Serialize)]
struct Tenant(u64);

#[idempotent(key = "charge:{tenant}:{key}", strategy = "setnx", fingerprint(tenant))]
async fn charge(tenant: Tenant, key: IdempotencyKey, amount: u64) -> Result<u64, Error> {
    drop(key);
    Ok(tenant.0 + amount)
}

fn main() {}
