//! Bodies of requests: read before anything else, up to a size and within a time.

use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http_body_util::BodyExt as _;
use tokio::time::timeout;

/// The largest that is kept, in bytes. A credit has some hundred.
const LARGEST: usize = 16 * 1024;
/// How long a client may take to send it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Refuses a body that is too large once all of it was read and thrown away: a client that is still
/// sending when the connection closes may never see its answer, and Nginx makes a 502 of it. One that
/// waits for `100 Continue` is told before it has sent any.
pub(crate) async fn read(request: Request, next: Next) -> Response {
    let (parts, mut body) = request.into_parts();
    let is_large = body.size_hint().lower() > LARGEST as u64;
    if is_large && parts.headers.contains_key(header::EXPECT) {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    let (mut kept, mut length) = (Vec::new(), 0);
    let reading = timeout(PATIENCE, async {
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else { continue };
            length += data.len();
            if length <= LARGEST {
                kept.extend_from_slice(&data);
            }
        }
        Ok::<_, axum::Error>(())
    })
    .await;
    match reading {
        _ if length > LARGEST => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        Ok(Ok(())) => next.run(Request::from_parts(parts, Body::from(kept))).await,
        Ok(Err(_)) => StatusCode::BAD_REQUEST.into_response(),
        Err(_) => StatusCode::REQUEST_TIMEOUT.into_response(),
    }
}
