//! Crediting points: the handlers with the attribute, and without.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use idem::{IdempotencyKey, idempotent};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;
use uuid::Uuid;

use super::App;
use super::ledger::{Account, Entry, Unavailable};
use super::user::User;

/// What a client asks for.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credit {
    account: Account,
    points: u32,
    /// How long the handler takes, in milliseconds.
    #[serde(default)]
    delay_ms: u16,
    /// Whether the points are credited before that time or after it.
    #[serde(default)]
    effect: Effect,
}

#[derive(Serialize, Deserialize, Clone, Copy, Default, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Effect {
    First,
    #[default]
    Last,
}

/// What it is told.
#[derive(Serialize)]
struct Credited {
    account: Account,
    balance: u64,
    credit_id: String,
}

/// `wait` is shorter than the patience of the proxy in `nginx.conf`, so that a duplicate is told when to
/// ask again before the proxy gives it up. `lease` is how long a killed instance blocks a key.
#[idempotent(
    key = "credit:{user}:{key}",
    strategy = "setnx",
    engine = app.idem,
    fingerprint(credit, query),
    lease = "5s",
    wait = "800ms"
)]
pub(crate) async fn credit(
    State(app): State<App>,
    user: User,
    key: IdempotencyKey,
    RawQuery(query): RawQuery,
    Json(credit): Json<Credit>,
) -> Response {
    app.give(user, credit).await
}

/// Nginx takes a PUT for repeatable, and repeats it without being told to. One that adds isn't, but for
/// the attribute. The key is in the path: a header is not the only place for one.
#[idempotent(
    key = "credit_named:{user}:{name}",
    strategy = "setnx",
    engine = app.idem,
    fingerprint(credit, query),
    lease = "5s",
    wait = "800ms"
)]
pub(crate) async fn credit_named(
    State(app): State<App>,
    user: User,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    Json(credit): Json<Credit>,
) -> Response {
    app.give(user, credit).await
}

/// The same without the attribute. In a task of its own, as a server of most languages has it: there
/// a proxy that gives up ends no handler.
pub(crate) async fn unprotected(
    State(app): State<App>,
    user: User,
    Json(credit): Json<Credit>,
) -> Response {
    let given = tokio::spawn(async move { app.give(user, credit).await });
    given.await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

/// What was credited, to whoever credited it.
pub(crate) async fn show(
    State(app): State<App>,
    user: User,
    Path(credit_id): Path<String>,
) -> Result<Response, Unavailable> {
    let entry = app.ledger.entry(&credit_id).await?;
    Ok(match entry.filter(|entry| entry.user == user) {
        Some(Entry { account, points, balance, .. }) => {
            Json(serde_json::json!({ "account": account, "points": points, "balance": balance }))
                .into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    })
}

pub(crate) async fn balance(
    State(app): State<App>,
    Path(account): Path<Account>,
) -> Result<Response, Unavailable> {
    let balance = app.ledger.balance(&account).await?;
    Ok(Json(serde_json::json!({ "balance": balance })).into_response())
}

impl App {
    /// The handler, whoever calls it.
    async fn give(&self, user: User, credit: Credit) -> Response {
        // All attempts on one key have one id, and the ledger takes an entry once. So an attempt that
        // follows one that was killed after its effect has none of its own.
        let credit_id = match idem::try_attempt() {
            Some(attempt) => attempt.downstream_key("credit"),
            None => Uuid::new_v4().to_string(),
        };
        let Credit { account, points, delay_ms, effect } = credit;
        let delay = Duration::from_millis(delay_ms.into());
        if effect == Effect::Last {
            sleep(delay).await;
        }
        let balance = match self.ledger.add(&credit_id, &user, &account, points).await {
            Ok(balance) => balance,
            Err(unavailable) => return unavailable.into_response(),
        };
        if effect == Effect::First {
            sleep(delay).await;
        }
        let location = [(header::LOCATION, format!("/credits/{credit_id}"))];
        let credited = Credited { account, balance, credit_id };
        (StatusCode::CREATED, location, Json(credited)).into_response()
    }
}
