use std::time::Duration;

use axum::response::sse::Sse;
use idem::{Error, idempotent};

struct Events;

#[idempotent(key = "watch:{id}", strategy = "setnx")]
async fn watch(id: u64) -> Result<Sse<Events>, Error> {
    Err(Error::in_flight(id.to_string(), Duration::ZERO))
}

fn main() {}
