use axum::Json;
use idem::idempotent;

#[idempotent(key = "pay:{id}", strategy = "setnx")]
async fn pay(id: u64) -> Json<u64> {
    Json(id)
}

fn main() {}
