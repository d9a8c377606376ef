//! Why a request has no key.

use std::fmt;

use super::explanation::Explanation;

/// Why a request has no [`IdempotencyKey`](crate::IdempotencyKey): answered by 400 and a problem
/// document, in gRPC by `INVALID_ARGUMENT`, before anything is claimed or run.
///
#[cfg_attr(feature = "axum", doc = "```")]
#[cfg_attr(not(feature = "axum"), doc = "```ignore")]
/// use axum::response::IntoResponse;
/// use idem::http::IdempotencyKeyRejection;
///
/// assert_eq!(IdempotencyKeyRejection::Missing.into_response().status(), 400);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
        f.write_str(Explanation::from(*self).title)
    }
}

impl std::error::Error for IdempotencyKeyRejection {}
