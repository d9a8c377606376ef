use axum::Json;
use axum::extract::Path;
use axum::response::IntoResponse;
use idem::{Error, IdempotencyKey, idempotent};

#[idempotent(key = "pay:{user}:{key}", strategy = "setnx", fingerprint(order))]
async fn pay(
    Path(user): Path<u64>,
    key: IdempotencyKey,
    Json(order): Json<String>,
) -> Result<impl IntoResponse, Error> {
    Ok("paid")
}

fn main() {}
