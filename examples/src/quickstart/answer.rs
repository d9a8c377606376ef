//! What became of a delivery, in the words of a message consumer.

use std::time::Duration;

use idem::{Error, Outcome, with_outcome};
use serde::{Deserialize, Serialize};

use super::delivery::Event;
use super::handler::{self, Failed, Receipt};
use super::provider::Provider;

/// The answer to one delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Answer {
    /// The body ran. `attempt` is over 1 when an attempt before it was left without an outcome.
    Ran { receipt: Receipt, attempt: u32 },
    /// A duplicate, answered with the stored receipt.
    Replayed { receipt: Receipt },
    /// The event is being handled at this moment: to be delivered again.
    InFlight { after: Duration },
    /// Neither handled nor refused, such as when Redis is away: to be delivered again.
    Retry { after: Duration, reason: String },
    /// The event was handled before with other content.
    Mismatch,
    /// For a person to look at.
    PutAside { reason: String },
}

/// Handles the event without protection.
pub(super) async fn bare(provider: &Provider, event: &Event) -> Answer {
    match handler::bare(provider, event).await {
        Ok(receipt) => Answer::Ran { receipt, attempt: 1 },
        Err(failed) => refused(failed),
    }
}

/// The answer that a call of a handler under `#[idempotent]` gives.
pub(super) async fn guarded(call: impl Future<Output = Result<Receipt, Failed>>) -> Answer {
    match with_outcome(call).await {
        (Ok(receipt), Outcome::Replayed { .. } | Outcome::Waited) => Answer::Replayed { receipt },
        (Ok(receipt), Outcome::Ran { attempt, .. }) => Answer::Ran { receipt, attempt },
        (Ok(receipt), _) => Answer::Ran { receipt, attempt: 1 },
        (Err(failed), _) => refused(failed),
    }
}

fn refused(failed: Failed) -> Answer {
    let reason = failed.to_string();
    match failed {
        Failed::Idem(Error::InFlight { retry_after, .. }) => {
            Answer::InFlight { after: retry_after }
        }
        Failed::Idem(Error::Mismatch { .. }) => Answer::Mismatch,
        Failed::Idem(error) => match error.delivery() {
            idem::Delivery::Requeue { after } => Answer::Retry { after, reason },
            _ => Answer::PutAside { reason },
        },
        Failed::Provider(_) => Answer::Retry { after: Duration::from_secs(1), reason },
    }
}
