//! What a client is told of an error, whatever carries it. No key, no payload and nothing of the
//! inside is in one.

use super::rejection::IdempotencyKeyRejection as Rejection;
use crate::error::Error;
use crate::observe::Discreet;

/// A stable name, a title, and what to do.
#[derive(Debug)]
pub(super) struct Explanation {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) detail: &'static str,
}

impl Explanation {
    const fn new(name: &'static str, title: &'static str, detail: &'static str) -> Self {
        Self { name, title, detail }
    }
}

impl From<&Error> for Explanation {
    fn from(error: &Error) -> Self {
        match error {
            Error::InFlight { .. } => Self::new(
                "in-flight",
                "The same request is still being processed",
                "Send it again, unchanged, after the time that this answer names.",
            ),
            Error::Duplicate { .. } => Self::new(
                "duplicate",
                "The request was processed before",
                "It was done once and is not done again; its result is not kept.",
            ),
            Error::Mismatch { .. } => Self::new(
                "mismatch",
                "The key was used for another request",
                "Send a new key with a new request, and a key again only with the same request.",
            ),
            Error::Exhausted { .. } => Self::new(
                "exhausted",
                "The request was tried too often",
                "Each attempt that is allowed was made and had no result.",
            ),
            Error::TimedOut { .. } => {
                Self::new("timed-out", "The request took too long", "What it did is not known.")
            }
            Error::ResultNotStored { .. } => Self::new(
                "result-not-stored",
                "The request was processed before, and its result is not kept",
                "It was done once and is not done again; its result could not be stored.",
            ),
            Error::InvalidKey { .. } => Self::new(
                "invalid-key",
                "The request can't be told from others",
                "A value that identifies it is empty or can't be used.",
            ),
            Error::InvalidToken { .. } => {
                Self::new("invalid-token", "The token is not valid", "Get a new one.")
            }
            Error::IllegalTransition { .. } => Self::new(
                "illegal-transition",
                "The current state does not allow this",
                "Another request has changed the state, or it was never one that allows this.",
            ),
            Error::Unreadable { .. } => Self::new(
                "unreadable",
                "The request was seen before, and its record can't be read",
                "It is not done again; a person has to look at its record.",
            ),
            Error::Conflict { .. } => Self::new(
                "conflict",
                "Another request was faster",
                "Nothing of it was kept. Send it again, unchanged, after the time that this answer names.",
            ),
            Error::Outage { .. } => Self::new(
                "outage",
                "The request can't be processed now",
                "Send it again, unchanged, after the time that this answer names.",
            ),
            Error::NotInstalled => {
                Self::new("not-installed", "The service is not set up", "Nothing was done.")
            }
            Error::Config { .. } => {
                Self::new("config", "The service is not set up", "Nothing was done.")
            }
        }
    }
}

impl From<Rejection> for Explanation {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Missing => Self::new(
                "missing",
                "The idempotency key is missing",
                "Send a key of your own making in the header: the same for each retry, another for each new request.",
            ),
            Rejection::Repeated => Self::new(
                "repeated",
                "There is more than one idempotency key",
                "Send the header once, with one key.",
            ),
            Rejection::Unquoted => Self::new(
                "unquoted",
                "The idempotency key is not quoted",
                "Send the key in double quotes.",
            ),
            Rejection::Malformed => Self::new(
                "malformed",
                "The idempotency key is not a quoted string",
                "Between the quotes, write \\\" for a quote and \\\\ for a backslash; nothing follows the second quote.",
            ),
            Rejection::Empty => {
                Self::new("empty", "The idempotency key is empty", "Send 1 to 255 characters.")
            }
            Rejection::TooLong => Self::new(
                "too-long",
                "The idempotency key is too long",
                "Send 1 to 255 characters.",
            ),
            Rejection::Characters => Self::new(
                "characters",
                "The idempotency key has a character that is not allowed",
                "Send visible ASCII characters: no spaces, no control characters.",
            ),
            Rejection::SafeMethod => Self::new(
                "safe-method",
                "This method has no effect to repeat",
                "Send the request without a key to a resource that takes it, or by another method.",
            ),
        }
    }
}

/// Tells operators what a client is not told.
pub(super) fn tell_operators(error: &Error) {
    match error {
        Error::NotInstalled | Error::Config { .. } => {
            tracing::error!(%error, "a guarded handler could not be called");
        }
        Error::Outage { .. } => {
            let error = Discreet::of(error);
            tracing::warn!(%error, "the store of a guarded handler can't be used");
        }
        // Others name the key, or quote a database that may.
        _ => {}
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use super::*;

    /// Each error, with a secret wherever there is room for one.
    pub(in crate::http) fn each() -> Vec<Error> {
        let key = || "charge:secret".to_owned();
        vec![
            Error::in_flight(key(), Duration::from_millis(2500)),
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
    fn each_error_has_its_code_for_a_name_and_tells_nothing_of_the_inside() {
        for error in each() {
            let explanation = Explanation::from(&error);
            assert_eq!(explanation.name.replace('-', "_"), error.code());
            assert!(!format!("{explanation:?}").contains("secret"), "{explanation:?}");
        }
    }

    /// The guide explains each under a heading of its name.
    #[test]
    fn each_name_is_in_the_guide() {
        let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/guide/http.md");
        let guide = std::fs::read_to_string(guide).expect("the guide");
        let errors = each();
        let errors = errors.iter().map(Explanation::from);
        for Explanation { name, .. } in errors.chain(Rejection::EACH.map(Into::into)) {
            assert!(guide.contains(&format!("### `{name}`\n")), "no heading for {name}");
        }
    }
}
