//! `idempotent`: `execute_or_replay` on its Valkey store, with its renewal.

use std::path::Path;
use std::time::Duration;

use idempotent::valkey::ValkeyStore;
use idempotent::{ExecutionOutcome, IdempotencyKey, IdempotencyStore as _};
use worker::{Answer, Effect, LEASE, Peer};

/// How long the lease is renewed for a slow handler, and how long its result is kept.
const CEILING: Duration = Duration::from_mins(10);
const KEPT: Duration = Duration::from_hours(24);

struct Idempotent {
    store: ValkeyStore,
}

impl Peer for Idempotent {
    async fn connect(url: &str, _: &Path) -> Self {
        let store = ValkeyStore::with_url(url).prefix("peers").try_build().await;
        Self { store: store.expect("the server answers") }
    }

    async fn charge(&self, order: &str, effect: Effect) -> Answer {
        let key = IdempotencyKey::new(order).expect("an order is a legal key");
        let claim = self.store.claim(&key, LEASE).keep_alive(CEILING);
        let claim = claim.fingerprint("charge", order.as_bytes()).json();
        let ran = claim.execute_or_replay(KEPT, |_| async { Ok(effect.charge(order).await) });
        match ran.await {
            Ok(ExecutionOutcome::Executed(receipt) | ExecutionOutcome::Replayed(receipt)) => {
                Answer::Receipt(receipt)
            }
            // The handler ran, and its claim was another's before it had ended.
            Ok(ExecutionOutcome::Fenced { response, .. }) => Answer::Receipt(response),
            Ok(ExecutionOutcome::InFlight) => Answer::InFlight,
            Ok(ExecutionOutcome::FingerprintMismatch) => Answer::Failed("mismatch".to_owned()),
            Err(error) => Answer::Failed(error.to_string()),
        }
    }
}

fn main() {
    worker::main::<Idempotent>();
}
