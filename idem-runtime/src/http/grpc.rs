//! gRPC (feature `tonic`): errors as statuses, and the key from a call's metadata.

use std::time::Duration;

use tonic::metadata::MetadataMap;
use tonic::{Code, Request, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use super::explanation::{Explanation, tell_operators};
use super::header::Rule;
use super::rejection::IdempotencyKeyRejection;
use crate::error::Error;
use crate::key::IdempotencyKey;

/// Whose reasons they are, in a status' `ErrorInfo`.
const DOMAIN: &str = "idem";

/// When a client asks again by itself, if it has a policy for that: read by gRPC's own libraries.
const PUSHBACK: &str = "grpc-retry-pushback-ms";

/// The code of an error's status.
///
/// What is over when somebody has ended it is `ABORTED`, not `UNAVAILABLE`: that is the server's own
/// failure to load balancers, which would take it out for its clients' duplicates.
fn code(error: &Error) -> Code {
    match error {
        Error::InFlight { .. } | Error::Conflict { .. } => Code::Aborted,
        Error::Duplicate { .. } | Error::ResultNotStored { .. } => Code::AlreadyExists,
        Error::Mismatch { .. } | Error::InvalidKey { .. } => Code::InvalidArgument,
        Error::Exhausted { .. } | Error::IllegalTransition { .. } | Error::Unreadable { .. } => {
            Code::FailedPrecondition
        }
        Error::TimedOut { .. } => Code::DeadlineExceeded,
        Error::InvalidToken { .. } => Code::PermissionDenied,
        Error::Outage { .. } => Code::Unavailable,
        Error::NotInstalled | Error::Config { .. } => Code::Internal,
    }
}

fn status(code: Code, explanation: &Explanation, retry_after: Option<Duration>) -> Status {
    let Explanation { name, title, detail } = explanation;
    let reason = name.replace('-', "_").to_ascii_uppercase();
    let mut details = ErrorDetails::with_error_info(reason, DOMAIN, []);
    let mut metadata = MetadataMap::new();
    if let Some(after) = retry_after {
        details.set_retry_info(Some(after));
        metadata.insert(PUSHBACK, whole_milliseconds(after).into());
    }
    let message = format!("{title}. {detail}");
    Status::with_error_details_and_metadata(code, message, details, metadata)
}

/// Rounded up, as asking earlier is asking too early, and never 0.
fn whole_milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX).max(1)
}

/// A status without raw keys. Its details are an `ErrorInfo`, whose reason is the error's
/// [`code`](Error::code) in capitals and whose domain is `idem`, and, where asking again can help and
/// nowhere else, a `RetryInfo`, which the metadata `grpc-retry-pushback-ms` repeats.
///
/// | code | errors |
/// |---|---|
/// | `ABORTED` | `InFlight`, `Conflict` |
/// | `ALREADY_EXISTS` | `Duplicate`, `ResultNotStored` |
/// | `INVALID_ARGUMENT` | `Mismatch`, `InvalidKey` |
/// | `FAILED_PRECONDITION` | `Exhausted`, `IllegalTransition`, `Unreadable` |
/// | `DEADLINE_EXCEEDED` | `TimedOut` |
/// | `PERMISSION_DENIED` | `InvalidToken` |
/// | `UNAVAILABLE` | `Outage` |
/// | `INTERNAL` | `NotInstalled`, `Config` |
///
/// ```
/// # use std::time::Duration;
/// use tonic::{Code, Status};
///
/// let status = Status::from(idem::Error::in_flight("charge:42", Duration::from_secs(3)));
/// assert_eq!(status.code(), Code::Aborted);
/// assert_eq!(status.metadata().get("grpc-retry-pushback-ms").unwrap(), "3000");
/// ```
impl From<Error> for Status {
    fn from(error: Error) -> Self {
        tell_operators(&error);
        status(code(&error), &(&error).into(), error.retry_after())
    }
}

/// `INVALID_ARGUMENT`, with an `ErrorInfo` as an [`Error`]'s status has.
impl From<IdempotencyKeyRejection> for Status {
    fn from(rejection: IdempotencyKeyRejection) -> Self {
        status(Code::InvalidArgument, &rejection.into(), None)
    }
}

/// From the metadata `idempotency-key`, unless [`idem.layer()`](crate::Idem::layer) names another.
///
/// ```
/// use idem::IdempotencyKey;
///
/// let mut request = tonic::Request::new(());
/// request.metadata_mut().insert("idempotency-key", "8e03978e".parse()?);
/// assert_eq!(IdempotencyKey::try_from(&request)?.as_str(), "8e03978e");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl<T> TryFrom<&Request<T>> for IdempotencyKey {
    type Error = IdempotencyKeyRejection;

    fn try_from(request: &Request<T>) -> Result<Self, IdempotencyKeyRejection> {
        Rule::of(request.extensions()).key(request.metadata().as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::explanation::tests::each;

    #[test]
    fn a_status_has_its_errors_code_for_a_reason_and_a_time_where_asking_again_helps() {
        for error in each() {
            let (code, retryable) = (error.code().to_ascii_uppercase(), error.is_retryable());
            let status = Status::from(error);
            let info = status.get_details_error_info().expect("why");
            assert_eq!((info.reason, &*info.domain), (code.clone(), "idem"));
            assert_eq!(status.get_details_retry_info().is_some(), retryable, "{code}");
            assert_eq!(status.metadata().get(PUSHBACK).is_some(), retryable, "{code}");
            assert!(!format!("{status:?}").contains("secret"), "{status:?}");
        }
    }

    #[test]
    fn milliseconds_are_rounded_up_and_never_0() {
        for (micros, millis) in [(0, 1), (1, 1), (1000, 1), (1001, 2), (30_000_000, 30_000)] {
            assert_eq!(whole_milliseconds(Duration::from_micros(micros)), millis);
        }
    }
}
