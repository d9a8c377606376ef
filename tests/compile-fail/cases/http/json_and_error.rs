// mistakes: 2
use axum::Json;
use idem::idempotent;

struct Receipt;

struct PayError;

#[idempotent(key = "pay:{id}", strategy = "setnx")]
async fn pay(id: u64) -> Result<Json<Receipt>, PayError> {
    Ok(Json(Receipt))
}

fn main() {}
