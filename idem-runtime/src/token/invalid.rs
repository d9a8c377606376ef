//! Why a token was refused.

/// Why a token was refused: the `reason` of [`Error::InvalidToken`](crate::Error::InvalidToken).
///
/// The first that applies, in this order. Before the signature holds, nothing else of the token is
/// believed; before all of it holds, no store is asked.
///
/// ```
/// use idem::{Error, InvalidToken};
///
/// /// What to tell the person at the form.
/// fn advice(error: &Error) -> &'static str {
///     match error {
///         Error::InvalidToken { reason: InvalidToken::Expired, .. } => "load the form again",
///         _ => "something went wrong",
///     }
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidToken {
    /// It is no token of the form that this library issues, or longer than any.
    #[error("it is malformed")]
    Malformed,
    /// Its `alg` is not the one of its key: `none`, for one.
    #[error("its algorithm is not its key's")]
    WrongAlgorithm,
    /// It names a key that this engine does not have (any more), or none where one is needed.
    #[error("its key is not known")]
    UnknownKey,
    /// It was not signed by that key, or has been changed since.
    #[error("its signature does not hold")]
    BadSignature,
    /// It was issued for another operation.
    #[error("it is for another operation")]
    OtherOperation,
    /// It was issued for another key of this operation: another user's, another order's.
    #[error("it is for another key")]
    OtherSubject,
    /// It was issued later than now.
    #[error("it is not valid yet")]
    NotYetValid,
    /// Its time is over.
    #[error("it has expired")]
    Expired,
}
