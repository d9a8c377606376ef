//! The webhook handler: one body, bare and under `#[idempotent]`.

use std::io;

use idem::idempotent;
use serde::{Deserialize, Serialize};

use super::delivery::Event;
use super::provider::Provider;

/// The time that a claim stands without renewal. Short, so that the example ends soon after it
/// has killed a worker; the default of 30 seconds suits most services.
pub(super) const LEASE: &str = "2 s";

/// How long [`durable`] remembers: twice as long as providers go on delivering.
pub(super) const RETENTION: &str = "7 days";

/// What the handler gives back, and what `idem` stores for the duplicates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Receipt {
    pub(super) number: String,
}

/// Why the handler did not answer with a receipt.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    #[error(transparent)]
    Idem(#[from] idem::Error),
    #[error("the provider can't be reached: {0}")]
    Provider(#[from] io::Error),
}

/// Without protection: each delivery moves the money.
pub(super) async fn bare(provider: &Provider, event: &Event) -> Result<Receipt, Failed> {
    move_money(provider, event).await
}

/// With it: one delivery of an event runs the body, the others get its receipt. The claims are in a
/// database, so that a delivery is still known when the program has been started again.
///
/// The key is the event's id, which is the same in each of its deliveries; the payment's id would
/// take two refunds of one payment for the same. The fingerprint holds a redelivery to the content
/// of the first: another amount under a known id is refused.
#[idempotent(
    key = "webhook:{event.id}",
    strategy = "db",
    ttl = "7d",
    lease = "2s",
    fingerprint(event.kind, event.account, event.amount, event.currency)
)]
pub(super) async fn durable(provider: &Provider, event: &Event) -> Result<Receipt, Failed> {
    move_money(provider, event).await
}

/// The same in a Redis that several processes share, for `--redis`. The strategy is one word; the
/// retention is short because no later run asks for the claims of this one.
#[idempotent(
    key = "webhook:{event.id}",
    strategy = "setnx",
    ttl = "10m",
    lease = "2s",
    fingerprint(event.kind, event.account, event.amount, event.currency)
)]
pub(super) async fn shared(provider: &Provider, event: &Event) -> Result<Receipt, Failed> {
    move_money(provider, event).await
}

/// The effect. When a worker dies in here, the next delivery runs it again: the key that the
/// provider gets is the same for each attempt, so that the money moves once even then.
async fn move_money(provider: &Provider, event: &Event) -> Result<Receipt, Failed> {
    let key = idem::try_attempt().map(|attempt| attempt.downstream_key("credit"));
    let number = provider.post(event, key).await?;
    Ok(Receipt { number })
}
