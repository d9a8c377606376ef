use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::runtime::Runtime;

use super::{Charge, OverHttp, serve};
use crate::charge::by_hand::CLAIM;
use crate::charge::{ByHand, Receipt, body};

/// The largest response that is stored.
const LIMIT: usize = 1024 * 1024;

/// What is told of a duplicate whose payload is another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Payload {
    /// That it is refused: the body is read and hashed before the claim.
    Compared,
    /// Nothing: it gets the first one's answer.
    NotCompared,
}

/// Serves the charge under a middleware as one writes it: it claims the key of the header, runs the
/// handler, and stores its response. It has the claim of [`ByHand`]; a client that leaves ends it
/// where it stands.
pub(crate) fn by_hand(runtime: &Runtime, claims: ByHand, payload: Payload) -> OverHttp {
    let routes = Router::new().route("/charge", post(charge));
    serve(runtime, routes.layer(from_fn_with_state((claims, payload), guard)))
}

async fn charge(Json(charge): Json<Charge>) -> (StatusCode, Json<Receipt>) {
    (StatusCode::CREATED, Json(body(charge.order).await))
}

#[derive(Serialize, Deserialize)]
struct Stored {
    payload: String,
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

async fn guard(
    State((claims, payload)): State<(ByHand, Payload)>,
    request: Request,
    next: Next,
) -> Response {
    let Some((user, key)) = header(&request, "x-user").zip(header(&request, "idempotency-key"))
    else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let key = claims.key(format_args!("{payload:?}:{user}:{}", key.trim_matches('"')));
    let owner = ByHand::owner();
    let (request, payload) = match payload {
        Payload::NotCompared => (request, String::new()),
        Payload::Compared => {
            let (parts, body) = request.into_parts();
            let Ok(body) = to_bytes(body, LIMIT).await else {
                return StatusCode::PAYLOAD_TOO_LARGE.into_response();
            };
            let hash = BASE64_STANDARD.encode(Sha256::digest(&body));
            (Request::from_parts(parts, Body::from(body)), hash)
        }
    };
    match claims.claim(&key, &owner).await {
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Ok(Some(found)) if found.starts_with(CLAIM.as_bytes()) => {
            StatusCode::CONFLICT.into_response()
        }
        Ok(Some(found)) => replayed(&found, &payload),
        Ok(None) => {
            let (parts, body) = next.run(request).await.into_parts();
            let Ok(body) = to_bytes(body, LIMIT).await else {
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            };
            let stored = stored(payload, parts.status, &parts.headers, &body);
            let completed = claims.complete(&key, &owner, &stored).await;
            assert!(completed.is_ok_and(|it| it), "the claim stands");
            Response::from_parts(parts, Body::from(body))
        }
    }
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

fn stored(payload: String, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Vec<u8> {
    let headers = headers.iter().map(|(name, value)| {
        (name.to_string(), value.to_str().expect("this bench's own").to_owned())
    });
    let body = String::from_utf8(body.to_vec()).expect("JSON");
    let stored = Stored { payload, status: status.as_u16(), headers: headers.collect(), body };
    serde_json::to_vec(&stored).expect("texts")
}

fn replayed(found: &[u8], payload: &str) -> Response {
    let stored: Stored = serde_json::from_slice(found).expect("a response");
    if stored.payload != payload {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    }
    let mut response = Response::new(Body::from(stored.body));
    *response.status_mut() = StatusCode::from_u16(stored.status).expect("a status");
    for (name, value) in stored.headers {
        let name: HeaderName = name.parse().expect("a name");
        response.headers_mut().append(name, HeaderValue::try_from(value).expect("a value"));
    }
    response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    response
}
