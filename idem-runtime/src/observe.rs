//! What people see of it: spans, events and metrics. Never a raw key, never a payload.

use std::fmt;

use metrics::{Histogram, counter, gauge, histogram};
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use tracing::field::Empty;

use crate::outcome::Outcome;
use crate::store::{Name, StoreError};

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

/// Counts a call from its start to its answer.
pub(crate) struct Watch {
    operation: std::borrow::Cow<'static, str>,
    started: Instant,
}

impl Watch {
    pub(crate) fn start(operation: std::borrow::Cow<'static, str>) -> Self {
        Self { operation, started: Instant::now() }
    }

    /// Notes how the call was answered: for metrics, for the span, and for `with_outcome`.
    pub(crate) fn answered<R>(
        self,
        span: &tracing::Span,
        (value, outcome, refusal): (R, Outcome, Option<&'static str>),
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
        histogram!("idem_call_seconds").record(self.started.elapsed());
        counter!("idem_calls_total", "operation" => self.operation, "outcome" => word).increment(1);
        crate::outcome::tell(outcome);
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

/// Notes a store step that was sent at `sent` and is answered now; returns when that is. No wrapper
/// around the step's future, which would hold it twice.
pub(crate) fn stepped(op: &'static str, sent: Instant) -> Instant {
    let answered = Instant::now();
    store_seconds(op).record(answered.duration_since(sent));
    answered
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
    tracing::warn!(key = %Hashed(name), op, %error, "the store did not answer");
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
    tracing::warn!(key = %Hashed(name), %error, "outage: the body runs unguarded");
}
