//! What each error says of itself, written out as the documentation has it.

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const LEFT: Duration = Duration::from_millis(2500);

/// Its code, its status, what a consumer does, and when to ask again.
type Told = (&'static str, u16, Delivery, Option<Duration>);

fn each() -> Vec<(Error, Told)> {
    use Delivery::{Ack, DeadLetter, Requeue};

    let key = || "charge:42".to_owned();
    vec![
        (Error::in_flight(key(), LEFT), ("in_flight", 409, Requeue { after: LEFT }, Some(LEFT))),
        (Error::Duplicate { key: key() }, ("duplicate", 409, Ack, None)),
        (Error::Mismatch { key: key() }, ("mismatch", 422, DeadLetter, None)),
        (Error::Exhausted { key: key(), limit: 3 }, ("exhausted", 409, DeadLetter, None)),
        (Error::TimedOut { key: key() }, ("timed_out", 504, Requeue { after: SECOND }, None)),
        (Error::ResultNotStored { key: key() }, ("result_not_stored", 409, DeadLetter, None)),
        (Error::InvalidKey { reason: "empty".into() }, ("invalid_key", 400, DeadLetter, None)),
        (
            Error::InvalidToken { reason: InvalidToken::Expired },
            ("invalid_token", 403, DeadLetter, None),
        ),
        (
            Error::IllegalTransition {
                entity: "42".into(),
                from: "pending",
                to: "paid",
                actual: Some("cancelled".into()),
                known: true,
            },
            ("illegal_transition", 409, DeadLetter, None),
        ),
        (
            Error::Unreadable { key: key(), reason: "newer".into() },
            ("unreadable", 409, DeadLetter, None),
        ),
        (
            Error::Conflict { source: "deadlock".into() },
            ("conflict", 409, Requeue { after: SECOND }, Some(SECOND)),
        ),
        (Error::outage("no answer"), ("outage", 503, Requeue { after: SECOND }, Some(SECOND))),
        (Error::NotInstalled, ("not_installed", 500, DeadLetter, None)),
        (Error::config("no store"), ("config", 500, DeadLetter, None)),
    ]
}

/// Which variant it is, and whether it is about one key: a new one has to be told of here.
fn number(error: &Error) -> (usize, bool) {
    match error {
        Error::InFlight { .. } => (0, true),
        Error::Duplicate { .. } => (1, true),
        Error::Mismatch { .. } => (2, true),
        Error::Exhausted { .. } => (3, true),
        Error::TimedOut { .. } => (4, true),
        Error::ResultNotStored { .. } => (5, true),
        Error::InvalidKey { .. } => (6, false),
        Error::InvalidToken { .. } => (7, false),
        Error::IllegalTransition { .. } => (8, false),
        Error::Unreadable { .. } => (9, true),
        Error::Conflict { .. } => (10, false),
        Error::Outage { .. } => (11, false),
        Error::NotInstalled => (12, false),
        Error::Config { .. } => (13, false),
    }
}

#[test]
fn each_error_is_answered_as_the_documentation_says() {
    let each = each();
    assert_eq!(each.len(), 14, "every variant");
    for (at, (error, (code, status, delivery, after))) in each.into_iter().enumerate() {
        assert_eq!(number(&error).0, at, "{error:?}");
        assert_eq!(error.code(), code);
        assert_eq!(error.http_status(), status, "{code}");
        assert_eq!(error.delivery(), delivery, "{code}");
        assert_eq!(error.retry_after(), after, "{code}");
        let retryable = matches!(code, "in_flight" | "conflict" | "outage");
        assert_eq!(error.is_retryable(), retryable, "{code}");
    }
}

#[test]
fn an_error_about_one_key_names_it() {
    for (error, _) in each() {
        let told = error.to_string();
        assert_eq!(told.contains("`charge:42`"), number(&error).1, "{told}");
    }
}

/// A store of one's own may say of a lease that it never ends.
#[test]
fn any_time_to_ask_again_can_be_told() {
    for (time, told) in [
        (Duration::ZERO, "0 ms"),
        (Duration::from_millis(250), "250 ms"),
        (Duration::from_secs(2), "2 s"),
        (Duration::from_millis(2001), "3 s"),
        (Duration::MAX, "18446744073709551615 s"),
    ] {
        let error = Error::in_flight("op:1", time).to_string();
        assert!(error.ends_with(&format!("ask again in {told}")), "{error}");
    }
}
