//! [`IdempotencyKey`] as an extractor.

use std::fmt;

use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use http::request::Parts;
use http::{Method, StatusCode};

use super::header::Rule;
use super::problem::Problem;
use crate::key::IdempotencyKey;

/// Why a request has no [`IdempotencyKey`]: answered by 400 and a problem document, before anything
/// is claimed or run.
///
/// ```
/// use axum::response::IntoResponse;
/// use idem::http::IdempotencyKeyRejection;
///
/// assert_eq!(IdempotencyKeyRejection::Missing.into_response().status(), 400);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdempotencyKeyRejection {
    /// There is no such header.
    Missing,
    /// There are two, or one with a list.
    Repeated,
    /// The key is bare, and the layer is strict.
    Unquoted,
    /// A quoted key that does not end, has an escape that is none, or is followed by something.
    Malformed,
    /// The key is empty.
    Empty,
    /// The key is longer than 255 bytes.
    TooLong,
    /// A space, a control character or one that is not ASCII.
    Characters,
    /// `HEAD` or `OPTIONS`, which have no effect to guard: nothing is claimed.
    SafeMethod,
}

impl From<IdempotencyKeyRejection> for Problem {
    fn from(rejection: IdempotencyKeyRejection) -> Self {
        use IdempotencyKeyRejection as Rejection;
        let (name, title, detail) = match rejection {
            Rejection::Missing => (
                "missing",
                "The idempotency key is missing",
                "Send a key of your own making in the header: the same for each retry, another for each new request.",
            ),
            Rejection::Repeated => (
                "repeated",
                "There is more than one idempotency key",
                "Send the header once, with one key.",
            ),
            Rejection::Unquoted => {
                ("unquoted", "The idempotency key is not quoted", "Send the key in double quotes.")
            }
            Rejection::Malformed => (
                "malformed",
                "The idempotency key is not a quoted string",
                "Between the quotes, write \\\" for a quote and \\\\ for a backslash; nothing follows the second quote.",
            ),
            Rejection::Empty => {
                ("empty", "The idempotency key is empty", "Send 1 to 255 characters.")
            }
            Rejection::TooLong => {
                ("too-long", "The idempotency key is too long", "Send 1 to 255 characters.")
            }
            Rejection::Characters => (
                "characters",
                "The idempotency key has a character that is not allowed",
                "Send visible ASCII characters: no spaces, no control characters.",
            ),
            Rejection::SafeMethod => (
                "safe-method",
                "This method has no effect to repeat",
                "Send the request without a key to a resource that takes it, or by another method.",
            ),
        };
        Self { name, status: StatusCode::BAD_REQUEST, title, detail, retry_after: None }
    }
}

#[cfg(test)]
impl IdempotencyKeyRejection {
    pub(super) const EACH: [Self; 8] = [
        Self::Missing,
        Self::Repeated,
        Self::Unquoted,
        Self::Malformed,
        Self::Empty,
        Self::TooLong,
        Self::Characters,
        Self::SafeMethod,
    ];
}

impl fmt::Display for IdempotencyKeyRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Problem::from(*self).title)
    }
}

impl std::error::Error for IdempotencyKeyRejection {}

impl IntoResponse for IdempotencyKeyRejection {
    fn into_response(self) -> Response {
        Problem::from(self).into_response()
    }
}

/// From the header `Idempotency-Key`, unless [`idem.layer()`](crate::Idem::layer) names another.
impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = IdempotencyKeyRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        if is_safe(&parts.method) {
            return Err(IdempotencyKeyRejection::SafeMethod);
        }
        match parts.extensions.get::<Rule>() {
            Some(rule) => rule.key(&parts.headers),
            None => Rule::default().key(&parts.headers),
        }
    }
}

/// Methods that a server answers by itself, or by a handler written for another: their effect, if
/// any, is not what a client asks for.
pub(super) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::HEAD | Method::OPTIONS)
}
