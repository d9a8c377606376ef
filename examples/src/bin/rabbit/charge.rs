//! The guarded function, and what its errors mean for a message.

use std::time::Duration;

use idem::{Delivery, Idem, idempotent};
use serde::{Deserialize, Serialize};

/// What a message asks for.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) cents: u64,
}

/// Why a message was not handled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error("it is no order: {0}")]
    Malformed(#[from] serde_json::Error),
    /// What it did is unknown, and its claim stands till its lease lapses.
    #[error("its handler panicked")]
    Panicked,
    #[error(transparent)]
    Idem(#[from] idem::Error),
}

impl Problem {
    /// What becomes of the message: of our own errors we say it, of its own `idem` does.
    pub(crate) fn delivery(&self) -> Delivery {
        match self {
            Self::Malformed(_) => Delivery::DeadLetter,
            Self::Panicked => Delivery::Requeue { after: Duration::from_secs(1) },
            Self::Idem(error) => error.delivery(),
        }
    }
}

/// Charges an order once, whoever sends its message again: the producer, the broker, a person.
#[idempotent(key = "charge:{id}", strategy = "setnx", ttl = "7d", engine = idem, fingerprint(order))]
pub(crate) async fn charge(idem: &Idem, id: &str, order: &Order) -> Result<(), Problem> {
    // Here the provider would be asked. It dedupes on this key: a process may die on the next line.
    let key = idem::attempt().downstream_key("charge");
    println!("charged {} cents for {id} under {key}", order.cents);
    Ok(())
}
