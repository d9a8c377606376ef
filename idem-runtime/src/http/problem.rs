//! Errors as problem documents (RFC 9457). No key, no payload and nothing of the inside is in one.

use std::time::Duration;

use axum_core::body::Body;
use axum_core::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use crate::error::Error;

/// What a problem's `type` begins with; its name follows. `docs/guide/http.md` has a heading for each.
const TYPE: &str = "urn:idem:problem:";

/// One problem document.
#[derive(Debug)]
pub(super) struct Problem {
    /// The last part of its `type`: stable.
    pub(super) name: &'static str,
    pub(super) status: StatusCode,
    pub(super) title: &'static str,
    pub(super) detail: &'static str,
    pub(super) retry_after: Option<Duration>,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let document = serde_json::json!({
            "type": format!("{TYPE}{}", self.name),
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
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
    (time.as_secs() + u64::from(time.subsec_nanos() > 0)).max(1)
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        let (name, title, detail) = words(error);
        let status = StatusCode::from_u16(error.http_status());
        Self {
            name,
            status: status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            title,
            detail,
            retry_after: error.retry_after(),
        }
    }
}

/// The name, the title and the remedy of an error's problem.
fn words(error: &Error) -> (&'static str, &'static str, &'static str) {
    match error {
        Error::InFlight { .. } => (
            "in-flight",
            "The same request is still being processed",
            "Send it again, unchanged, after the time in `Retry-After`.",
        ),
        Error::Duplicate { .. } => (
            "duplicate",
            "The request was processed before",
            "It was done once and is not done again; its result is not kept.",
        ),
        Error::Mismatch { .. } => (
            "mismatch",
            "The key was used for another request",
            "Send a new key with a new request, and a key again only with the same request.",
        ),
        Error::Exhausted { .. } => (
            "exhausted",
            "The request was tried too often",
            "Each attempt that is allowed was made and had no result.",
        ),
        Error::TimedOut { .. } => {
            ("timed-out", "The request took too long", "What it did is not known.")
        }
        Error::ResultNotStored { .. } => (
            "result-not-stored",
            "The request was processed before, and its result is not kept",
            "It was done once and is not done again; its result could not be stored.",
        ),
        Error::InvalidKey { .. } => (
            "invalid-key",
            "The request can't be told from others",
            "A value that identifies it is empty or can't be used.",
        ),
        Error::InvalidToken { .. } => ("invalid-token", "The token is not valid", "Get a new one."),
        Error::IllegalTransition { .. } => (
            "illegal-transition",
            "The current state does not allow this",
            "Another request has changed the state, or it was never one that allows this.",
        ),
        Error::Unreadable { .. } => (
            "unreadable",
            "The request was seen before, and its record can't be read",
            "It is not done again; a person has to look at its record.",
        ),
        Error::Conflict { .. } => (
            "conflict",
            "Another request was faster",
            "Nothing was done. Send it again, unchanged, after the time in `Retry-After`.",
        ),
        Error::Outage { .. } => (
            "outage",
            "The request can't be processed now",
            "Send it again, unchanged, after the time in `Retry-After`.",
        ),
        Error::NotInstalled => ("not-installed", "The service is not set up", "Nothing was done."),
        Error::Config { .. } => ("config", "The service is not set up", "Nothing was done."),
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
        match &self {
            Self::NotInstalled | Self::Config { .. } => {
                tracing::error!(error = %self, "a guarded handler could not be called");
            }
            Self::Outage { .. } => {
                tracing::warn!(error = %self, "a guarded handler was not called");
            }
            // Others name the key, or quote a database that may.
            _ => {}
        }
        Problem::from(&self).into_response()
    }
}

/// For handlers that return `Result<T, Response>`.
impl From<Error> for Response {
    fn from(error: Error) -> Self {
        error.into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::IdempotencyKeyRejection;

    #[test]
    fn seconds_are_rounded_up_and_never_0() {
        for (millis, seconds) in [(0, 1), (1, 1), (1000, 1), (1001, 2), (30_000, 30)] {
            assert_eq!(whole_seconds(Duration::from_millis(millis)), seconds);
        }
    }

    fn each() -> Vec<Error> {
        let key = || "charge:secret".to_owned();
        vec![
            Error::in_flight(key(), Duration::from_secs(3)),
            Error::Duplicate { key: key() },
            Error::Mismatch { key: key() },
            Error::Exhausted { key: key(), limit: 3 },
            Error::TimedOut { key: key() },
            Error::ResultNotStored { key: key() },
            Error::InvalidKey { reason: "secret".into() },
            Error::InvalidToken { reason: crate::InvalidToken::Expired },
            Error::IllegalTransition {
                entity: "secret".into(),
                from: "secret",
                to: "secret",
                actual: None,
                known: true,
            },
            Error::Unreadable { key: key(), reason: "secret".into() },
            Error::Conflict { source: "secret".into() },
            Error::outage("secret"),
            Error::NotInstalled,
            Error::config("secret"),
        ]
    }

    #[test]
    fn a_problem_has_its_errors_status_and_code_and_a_time_where_asking_again_helps() {
        for error in each() {
            let problem = Problem::from(&error);
            assert_eq!(problem.name.replace('-', "_"), error.code());
            assert_eq!(problem.status.as_u16(), error.http_status());
            assert_eq!(problem.retry_after.is_some(), error.is_retryable(), "{error}");
        }
    }

    #[test]
    fn no_problem_tells_a_key_or_what_is_inside() {
        for error in each() {
            let problem = Problem::from(&error);
            assert!(!format!("{problem:?}").contains("secret"), "{problem:?}");
        }
    }

    /// The guide explains each type under a heading of its name.
    #[test]
    fn each_type_is_in_the_guide() {
        let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/guide/http.md");
        let guide = std::fs::read_to_string(guide).expect("the guide");
        let errors = each().into_iter().map(|error| Problem::from(&error));
        for Problem { name, .. } in errors.chain(IdempotencyKeyRejection::EACH.map(Into::into)) {
            assert!(guide.contains(&format!("### `{name}`\n")), "no heading for {name}");
        }
    }
}
