use axum::Json;
use axum::http::StatusCode;
use idem::{Error, idempotent};

struct Receipt;

#[idempotent(key = "pay:{id}", strategy = "setnx")]
async fn pay(id: u64) -> Result<(StatusCode, Json<Receipt>), Error> {
    Ok((StatusCode::CREATED, Json(Receipt)))
}

fn main() {}
