use axum::{Extension, Json};
use idem::{Error, IdempotencyKey, idempotent};

#[idempotent(key = "pay:{user}:{key}", strategy = "setnx")]
async fn pay(
    Extension(user): Extension<u64>,
    key: IdempotencyKey,
    Json(amount): Json<u64>,
) -> Result<Json<u64>, Error> {
    Ok(Json(amount + user))
}

fn main() {}
