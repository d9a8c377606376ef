use axum::Json;
use idem::{Error, IdempotencyKey, idempotent};

#[idempotent(key = "pay:{key}", strategy = "setnx", fingerprint(amount))]
async fn pay(key: IdempotencyKey, Json(amount): Json<u64>) -> Result<Json<u64>, Error> {
    Ok(Json(amount))
}

fn main() {}
