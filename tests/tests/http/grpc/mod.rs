//! The same promises of a service of tonic.

mod clients;
mod keys;
mod service;
mod statuses;

use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;

/// The text of an answer, and whether it says that it answers a duplicate.
fn told(answer: Result<Response<String>, Status>) -> (String, bool) {
    let answer = answer.expect("an answer");
    let replayed = answer.metadata().get("idempotent-replayed").is_some_and(|it| it == "true");
    (answer.into_inner(), replayed)
}

/// The status of a call that was refused, less its words.
#[derive(Debug, PartialEq)]
struct Refusal {
    code: Code,
    /// As the library gives it.
    reason: String,
    /// Whether it names a time to ask again.
    again: bool,
}

fn refusal(answer: Result<Response<String>, Status>) -> Refusal {
    let status = answer.expect_err("a refusal");
    for secret in ["lovelace", "k-1", "tea"] {
        assert!(!format!("{status:?}").contains(secret), "{status:?}");
    }
    let info = status.get_details_error_info();
    let reason = info.filter(|info| info.domain == "idem").map(|info| info.reason);
    let again = status.get_details_retry_info().and_then(|info| info.retry_delay);
    let pushback = status
        .metadata()
        .get("grpc-retry-pushback-ms")
        .map(|millis| millis.to_str().expect("ASCII").parse::<u128>().expect("whole milliseconds"));
    assert_eq!(again.map(|after| after.as_nanos().div_ceil(1_000_000)), pushback);
    assert_ne!(pushback, Some(0));
    Refusal { code: status.code(), reason: reason.unwrap_or_default(), again: again.is_some() }
}

fn is(code: Code, reason: &str, again: bool) -> Refusal {
    Refusal { code, reason: reason.to_owned(), again }
}
