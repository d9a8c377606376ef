//! What people see of calls: spans, events and metrics. Never a raw key, never a payload.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;

use metrics::{Histogram, IntoF64, Key, Label, Level, Metadata, counter, gauge, histogram};
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::answer::Answer;
use crate::outcome::Outcome;
use crate::store::{Change, Name, StoreError};

/// The first 16 hex digits of the SHA-256 of a key's full name: what logs have in place of it.
pub(crate) struct Hashed<'a>(pub(crate) &'a str);

impl fmt::Display for Hashed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Sha256::digest(self.0.as_bytes())
            .iter()
            .take(8)
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What a store says of its failure, without what a database quotes in it: of `Duplicate entry 'pay:42' for
/// key 'PRIMARY'` the first half.
pub(crate) struct Discreet<'a>(pub(crate) &'a (dyn std::error::Error + 'static));

#[cfg(any(feature = "_http", feature = "_sql"))]
impl<'a> Discreet<'a> {
    /// Of what is behind an outage; other errors quote nothing.
    pub(crate) fn of(error: &'a crate::Error) -> Self {
        match error {
            crate::Error::Outage { source, .. } => Self(&**source),
            other => Self(other),
        }
    }
}

impl fmt::Display for Discreet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(feature = "_sql")]
        if let Some(error @ sqlx::Error::Database(_)) = self.0.downcast_ref() {
            return f.write_str(&without_quotes(&error.to_string()));
        }
        fmt::Display::fmt(self.0, f)
    }
}

/// Without all that stands between the first and the last quote of a kind: a value may have some too.
#[cfg(feature = "_sql")]
fn without_quotes(said: &str) -> Cow<'_, str> {
    let first = ['\'', '"'].into_iter().filter_map(|quote| Some((said.find(quote)?, quote))).min();
    let Some((first, quote)) = first else { return said.into() };
    let last = said.rfind(['\'', '"']).unwrap_or(first);
    format!("{}{quote}…{quote}{}", &said[..first], &said[last + 1..]).into()
}

static HERE: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

/// The span of one call.
pub(crate) fn span(operation: &str, name: &str) -> tracing::Span {
    tracing::info_span!(
        "idem.call",
        operation,
        key = %Hashed(name),
        outcome = Empty,
        attempt = Empty,
        fence = Empty,
        age_ms = Empty,
    )
}

/// The keys of the counters of one annotated function's usual outcomes: made once, and not at each
/// call.
#[derive(Debug)]
pub(crate) struct Meters {
    ran: OnceLock<Key>,
    replayed: OnceLock<Key>,
}

impl Meters {
    pub(crate) const fn new() -> Self {
        Self { ran: OnceLock::new(), replayed: OnceLock::new() }
    }
}

/// Counts a call from its start to its answer.
pub(crate) struct Watch {
    operation: Cow<'static, str>,
    meters: Option<&'static Meters>,
    started: Instant,
}

impl Watch {
    pub(crate) fn start(operation: Cow<'static, str>, meters: Option<&'static Meters>) -> Self {
        Self { operation, meters, started: Instant::now() }
    }

    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    fn count(self, word: &'static str) {
        let kept = self.meters.and_then(|meters| match word {
            "ran" => Some(&meters.ran),
            "replayed" => Some(&meters.replayed),
            _ => None,
        });
        let operation = self.operation;
        let key = || {
            let labels = vec![Label::new("operation", operation), Label::new("outcome", word)];
            Key::from_parts("idem_calls_total", labels)
        };
        let counter = |key: &Key| metrics::with_recorder(|all| all.register_counter(key, &HERE));
        match kept {
            Some(kept) => counter(kept.get_or_init(key)),
            None => counter(&key()),
        }
        .increment(1);
    }

    /// Watches in its span what answers the call. Pinned before it is wrapped: a wrapper would move all
    /// of it.
    pub(crate) async fn until<R>(
        self,
        answer: Pin<&mut impl Future<Output = Answer<R>>>,
        span: tracing::Span,
    ) -> R {
        let mut answering = answer.instrument(span);
        let answer = (&mut answering).await;
        self.answered(answering.span(), answer)
    }

    /// Notes how the call was answered: for metrics, for the span, and for `with_outcome`.
    pub(crate) fn answered<R>(
        self,
        span: &tracing::Span,
        (value, outcome, refusal): Answer<R>,
    ) -> R {
        let word = match (outcome, refusal) {
            (_, Some(code)) => code,
            (Outcome::Ran { .. }, None) => "ran",
            (Outcome::Replayed { .. }, None) => "replayed",
            (Outcome::Waited, None) => "waited",
            (Outcome::Refused, None) => "refused",
            (Outcome::Unguarded, None) => "unguarded",
        };
        span.record("outcome", word);
        if let Outcome::Replayed { age } = outcome {
            span.record("age_ms", u64::try_from(age.as_millis()).unwrap_or(u64::MAX));
        }
        histogram!("idem_call_seconds").record(Since(self.started));
        self.count(word);
        crate::outcome::tell(outcome, refusal);
        value
    }
}

/// Notes the attempt that runs.
pub(crate) fn attempt(number: u32, fence: u64) {
    let span = tracing::Span::current();
    span.record("attempt", number);
    span.record("fence", fence);
}

/// Counts a body in flight for as long as it lives.
pub(crate) struct InFlight(());

impl InFlight {
    pub(crate) fn begin() -> Self {
        gauge!("idem_in_flight").increment(1.0);
        Self(())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        gauge!("idem_in_flight").decrement(1.0);
    }
}

/// A change as metrics and events name it.
pub(crate) fn op(change: Change<'_>) -> &'static str {
    match change {
        Change::Renew => "renew",
        Change::Complete(_) => "complete",
        Change::Release(_) => "release",
        Change::Purge => "purge",
    }
}

/// Notes a store step that was sent at `sent` and is answered now. No wrapper around the step's
/// future, which would hold it twice.
pub(crate) fn stepped(op: &'static str, sent: Instant) {
    store_seconds(op).record(Since(sent));
}

/// The time since then: the clock is read where somebody records it.
struct Since(Instant);

impl IntoF64 for Since {
    fn into_f64(self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}

/// With literals for labels the metric's key is made at compile time.
fn store_seconds(op: &'static str) -> Histogram {
    match op {
        "claim" => histogram!("idem_store_seconds", "op" => "claim"),
        "complete" => histogram!("idem_store_seconds", "op" => "complete"),
        "renew" => histogram!("idem_store_seconds", "op" => "renew"),
        "release" => histogram!("idem_store_seconds", "op" => "release"),
        _ => histogram!("idem_store_seconds", "op" => op),
    }
}

pub(crate) fn lease_lost(name: &Name, fence: u64) {
    counter!("idem_lease_lost_total").increment(1);
    tracing::warn!(key = %Hashed(name), fence, "lease lost: another attempt has taken the key over");
}

pub(crate) fn unsettled(name: &Name, op: &'static str, error: &StoreError) {
    let error = error.discreet();
    tracing::warn!(key = %Hashed(name), op, %error, "the store did not answer");
}

#[cfg(feature = "_sql")]
pub(crate) fn not_undone(name: &Name, error: &crate::Error) {
    let error = Discreet::of(error);
    tracing::warn!(key = %Hashed(name), %error, "what the body wrote could not be undone alone");
}

pub(crate) fn not_stored(name: &Name, reason: &dyn fmt::Display) {
    tracing::warn!(key = %Hashed(name), %reason, "completed without its result");
}

pub(crate) fn held(name: &Name, reason: &dyn fmt::Display) {
    tracing::warn!(key = %Hashed(name), %reason, "the failure could not be stored: the claim is held");
}

pub(crate) fn not_compared(operation: &str) {
    tracing::warn!(operation, "the record was fingerprinted by other values: nothing was compared");
}

pub(crate) fn unguarded(name: &Name, error: &StoreError) {
    let error = error.discreet();
    tracing::warn!(key = %Hashed(name), %error, "outage: the body runs unguarded");
}

#[cfg(all(test, feature = "_sql"))]
mod tests {
    use super::*;

    #[test]
    fn what_a_database_quotes_is_left_out() {
        for (said, told) in [
            ("Duplicate entry 'pay:42' for key 'PRIMARY'", "Duplicate entry '…'"),
            ("Duplicate entry 'O'Brien: \"42\"' for key 'a'", "Duplicate entry '…'"),
            (
                "invalid input syntax for type integer: \"4'2\" (1)",
                "invalid input syntax for type integer: \"…\" (1)",
            ),
            ("permission denied for table records", "permission denied for table records"),
            ("an odd ' one", "an odd '…' one"),
        ] {
            assert_eq!(without_quotes(said), told);
        }
    }
}
