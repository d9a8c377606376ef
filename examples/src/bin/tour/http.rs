use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use idem::{Idem, IdempotencyKey, OnErr, idempotent};
use serde::{Deserialize, Serialize};

#[derive(Clone)]
pub struct User {
    id: u64,
}

#[derive(Clone)]
pub struct App {
    idem: Idem,
}

#[derive(Serialize, Deserialize)]
pub struct Pay {
    account: String,
    amount: u64,
}

#[derive(Serialize, Deserialize)]
pub struct Receipt {
    amount: u64,
}

#[idempotent(key = "pay:{user.id}:{key}", strategy = "setnx", engine = app.idem, fingerprint(pay))]
pub async fn pay(
    State(app): State<App>,
    Extension(user): Extension<User>, // whoever your authentication found
    key: IdempotencyKey,              // the header `Idempotency-Key`
    Json(pay): Json<Pay>,
) -> Result<(StatusCode, Json<Receipt>), idem::Error> {
    // Runs once; duplicates get the stored receipt.
    Ok((StatusCode::CREATED, Json(Receipt { amount: pay.amount })))
}

pub fn router(idem: Idem) -> Router {
    Router::new().route("/pay", post(pay)).layer(idem.layer()).with_state(App { idem })
}

fn on_err(response: &Response) -> OnErr {
    match response.status().as_u16() {
        404 | 503 => OnErr::Release, // another answer may come later
        500 => OnErr::Hold,          // what happened is unknown
        _ => OnErr::Store,
    }
}

#[idempotent(key = "refund:{user.id}:{key}", strategy = "setnx", fingerprint = "off", on_err = on_err)]
pub async fn refund(Extension(user): Extension<User>, key: IdempotencyKey) -> Response {
    (StatusCode::ACCEPTED, "on its way").into_response()
}

/// Calls the handlers as axum would.
pub async fn show(idem: Idem) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    drop(router(idem.clone()));
    let key: IdempotencyKey = "8e03978e".parse()?;
    let user = User { id: 42 };
    for _ in 0..2 {
        let (app, pays) = (State(App { idem: idem.clone() }), Extension(user.clone()));
        let order = Json(Pay { account: "a".to_owned(), amount: 500 });
        let (status, Json(receipt)) = pay(app, pays, key.clone(), order).await?;
        println!("http:   {status}, {} paid", receipt.amount);
    }
    let refunded = idem.scope(refund(Extension(user), key)).await;
    println!("http:   {}", refunded.status());
    Ok(())
}
