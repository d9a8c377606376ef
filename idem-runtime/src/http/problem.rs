//! Errors as problem documents (RFC 9457).

use std::time::Duration;

use axum_core::body::Body;
use axum_core::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use super::explanation::{Explanation, tell_operators};
use super::rejection::IdempotencyKeyRejection;
use crate::error::Error;

/// What a problem's `type` begins with; its name follows. `docs/guide/http.md` has a heading for each.
const TYPE: &str = "urn:idem:problem:";

/// One problem document.
#[derive(Debug)]
struct Problem {
    /// Its name is the last part of the `type`.
    explanation: Explanation,
    status: StatusCode,
    retry_after: Option<Duration>,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Explanation { name, title, detail } = self.explanation;
        let document = serde_json::json!({
            "type": format!("{TYPE}{name}"),
            "title": title,
            "status": self.status.as_u16(),
            "detail": detail,
        });
        let mut response = Response::new(Body::from(document.to_string()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        let problem = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, problem);
        if let Some(after) = self.retry_after {
            headers.insert(header::RETRY_AFTER, whole_seconds(after).into());
        }
        response
    }
}

/// The header has whole seconds: rounded up, as asking earlier is asking too early, and never 0.
fn whole_seconds(time: Duration) -> u64 {
    time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0)).max(1)
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        let status = StatusCode::from_u16(error.http_status());
        Self {
            explanation: error.into(),
            status: status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            retry_after: error.retry_after(),
        }
    }
}

/// A problem document with the error's [`http_status`](Error::http_status); with `Retry-After`, in
/// whole seconds, where asking again can help, and nowhere else.
///
/// What the document does not say, and operators need to know, is an event.
///
/// ```
/// use axum::response::IntoResponse;
/// # use std::time::Duration;
/// let response = idem::Error::in_flight("charge:42", Duration::from_millis(1200)).into_response();
/// assert_eq!(response.status(), 409);
/// assert_eq!(response.headers()["retry-after"], "2");
/// assert_eq!(response.headers()["content-type"], "application/problem+json");
/// ```
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        tell_operators(&self);
        Problem::from(&self).into_response()
    }
}

/// For handlers that return `Result<T, Response>`.
impl From<Error> for Response {
    fn from(error: Error) -> Self {
        error.into_response()
    }
}

impl IntoResponse for IdempotencyKeyRejection {
    fn into_response(self) -> Response {
        let (explanation, status) = (self.into(), StatusCode::BAD_REQUEST);
        Problem { explanation, status, retry_after: None }.into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::explanation::tests::each;

    #[test]
    fn seconds_are_rounded_up_and_never_0() {
        for (millis, seconds) in [(0, 1), (1, 1), (1000, 1), (1001, 2), (30_000, 30)] {
            assert_eq!(whole_seconds(Duration::from_millis(millis)), seconds);
        }
        assert_eq!(whole_seconds(Duration::MAX), u64::MAX);
    }

    #[test]
    fn a_problem_has_its_errors_status_and_a_time_where_asking_again_helps() {
        for error in each() {
            let problem = Problem::from(&error);
            assert_eq!(problem.status.as_u16(), error.http_status());
            assert_eq!(problem.retry_after.is_some(), error.is_retryable(), "{error}");
        }
    }
}
