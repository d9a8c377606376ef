use axum::response::{IntoResponse, Response};
use idem::{Error, OnErr, idempotent};

fn judge(_: &Error) -> OnErr {
    OnErr::Hold
}

#[idempotent(key = "pay:{id}", strategy = "setnx", on_err = judge)]
async fn pay(id: u64) -> Response {
    id.to_string().into_response()
}

fn main() {}
