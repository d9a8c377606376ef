use axum::extract::{FromRequestParts, State};
use axum::http::{StatusCode, request::Parts};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use idem::{Error, Idem, IdempotencyKey, KeyPart, idempotent};
use tokio::runtime::Runtime;

use super::{Charge, OverHttp, serve};
use crate::charge::{Receipt, body};

/// What the guarded handler returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Returning {
    Json,
    Response,
}

/// Serves the charge by a guarded handler under the layer.
pub(crate) fn ours(runtime: &Runtime, idem: &Idem, returning: Returning) -> OverHttp {
    let routes = match returning {
        Returning::Json => Router::new().route("/charge", post(json)),
        Returning::Response => Router::new().route("/charge", post(response)),
    };
    serve(runtime, routes.layer(idem.layer()).with_state(idem.clone()))
}

#[idempotent(key = "json:{user}:{key}", strategy = "setnx", engine = idem, fingerprint(charge))]
async fn json(
    State(idem): State<Idem>,
    user: User,
    key: IdempotencyKey,
    Json(charge): Json<Charge>,
) -> Result<(StatusCode, Json<Receipt>), Error> {
    Ok((StatusCode::CREATED, Json(body(charge.order).await)))
}

#[idempotent(key = "response:{user}:{key}", strategy = "setnx", engine = idem, fingerprint(charge))]
async fn response(
    State(idem): State<Idem>,
    user: User,
    key: IdempotencyKey,
    Json(charge): Json<Charge>,
) -> Response {
    (StatusCode::CREATED, Json(body(charge.order).await)).into_response()
}

/// Who asks.
#[derive(KeyPart)]
struct User(String);

impl<S: Sync> FromRequestParts<S> for User {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        let user = parts.headers.get("x-user").and_then(|user| user.to_str().ok());
        user.map(|user| Self(user.to_owned())).ok_or(StatusCode::UNAUTHORIZED)
    }
}
