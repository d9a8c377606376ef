use axum::Json;
use idem::{Error, idempotent};

struct Receipt;

#[idempotent(key = "pay:{id}", strategy = "setnx")]
async fn pay(id: u64) -> Result<Json<Receipt>, Error> {
    Ok(Json(Receipt))
}

fn main() {}
