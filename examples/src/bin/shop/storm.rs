//! A hundred requests at once. A browser opens six connections to a host and queues the rest, so the
//! server sends them to itself: real requests, each on a connection of its own.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{Request, header};
use http_body_util::BodyExt as _;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::Fault;
use super::effect::{Approach, Side};
use super::order::Failed;
use super::shop::Shop;

const AT_ONCE: usize = 100;

/// What a caller got.
#[derive(Serialize)]
pub(crate) struct Answer {
    /// 0 when there was no answer.
    status: u16,
    replayed: bool,
    body: serde_json::Value,
}

const NONE: Answer = Answer { status: 0, replayed: false, body: serde_json::Value::Null };

pub(crate) async fn storm(
    State(shop): State<Shop>,
    Path((side, approach)): Path<(Side, Approach)>,
    Json(body): Json<serde_json::Value>,
) -> Result<Json<Vec<Answer>>, Failed> {
    let path = format!("/{}/{}", side.name(), approach.name());
    let body = Bytes::from(body.to_string());
    // All connections stand before the first request is sent.
    let mut callers = Vec::with_capacity(AT_ONCE);
    for _ in 0..AT_ONCE {
        let (caller, connection) = handshake(TokioIo::new(TcpStream::connect(shop.address).await?))
            .await
            .map_err(std::io::Error::other)?;
        tokio::spawn(connection);
        callers.push(caller);
    }
    let calls: JoinSet<_> =
        callers.into_iter().map(|caller| call(caller, path.clone(), body.clone())).collect();
    let answers = calls.join_all().await.into_iter().map(|answer| answer.unwrap_or(NONE)).collect();
    Ok(Json(answers))
}

async fn call(mut caller: SendRequest<Body>, path: String, body: Bytes) -> Result<Answer, Fault> {
    let request = Request::post(path)
        .header(header::HOST, "shop")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body))?;
    let response = caller.send_request(request).await?;
    let (status, replayed) =
        (response.status().as_u16(), response.headers().contains_key("idempotent-replayed"));
    let body = response.into_body().collect().await?.to_bytes();
    Ok(Answer { status, replayed, body: serde_json::from_slice(&body).unwrap_or_default() })
}
