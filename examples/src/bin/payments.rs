//! A payments service whose clients may send a request twice: `cargo run -p examples --bin payments`,
//! and in another terminal, as often as you like:
//!
//! ```sh
//! curl -i localhost:3000/payments -H 'Authorization: Bearer ada' -H 'Idempotency-Key: k-1' \
//!     --json '{"account": "a", "amount": 500}'
//! ```
//!
//! `IDEM_REDIS_URL` lets several of them share a Redis, `PORT` says where it listens.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::{FromRequestParts, State};
use axum::http::{StatusCode, header, request::Parts};
use axum::routing::post;
use axum::{Json, Router};
use idem::{Idem, IdempotencyKey, KeyPart, idempotent};
use serde::{Deserialize, Serialize};
use tokio::signal::unix::{SignalKind, signal};

#[derive(Clone)]
struct App {
    idem: Idem,
    paid: Arc<AtomicU64>,
}

#[derive(Serialize, Deserialize)]
struct Payment {
    account: String,
    amount: u64,
}

#[derive(Serialize, Deserialize)]
struct Receipt {
    number: u64,
    account: String,
    amount: u64,
}

#[idempotent(
    key = "pay:{user}:{key}",
    strategy = "setnx",
    engine = app.idem,
    fingerprint(payment),
    wait = "5s"
)]
async fn pay(
    State(app): State<App>,
    user: User,
    key: IdempotencyKey,
    Json(payment): Json<Payment>,
) -> Result<(StatusCode, Json<Receipt>), idem::Error> {
    let Payment { account, amount } = payment;
    let number = app.paid.fetch_add(1, Ordering::SeqCst) + 1; // here the money would move
    Ok((StatusCode::CREATED, Json(Receipt { number, account, amount })))
}

/// Who asks. A service looks the bearer up; here it is the name.
#[derive(KeyPart)]
struct User(String);

impl<S: Sync> FromRequestParts<S> for User {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        let bearer = parts.headers.get(header::AUTHORIZATION).and_then(|line| line.to_str().ok());
        let user = bearer.and_then(|line| line.strip_prefix("Bearer "));
        user.map(|user| Self(user.to_owned())).ok_or(StatusCode::UNAUTHORIZED)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let idem = match std::env::var_os("IDEM_REDIS_URL") {
        Some(_) => Idem::from_env().await?,
        None => Idem::in_memory(),
    };
    let app = App { idem: idem.clone(), paid: Arc::default() };
    let router = Router::new().route("/payments", post(pay)).layer(idem.layer()).with_state(app);

    let port = std::env::var("PORT").map_or(Ok(3000), |port| port.parse());
    let port: u16 = port.map_err(|_| "PORT is a number up to 65535")?;
    let mut terminate = signal(SignalKind::terminate())?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening on {}", listener.local_addr()?);
    let stop = async move {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    };
    axum::serve(listener, router).with_graceful_shutdown(stop).await?;
    idem.shutdown(Duration::from_secs(30)).await; // bodies whose clients have left
    Ok(())
}
