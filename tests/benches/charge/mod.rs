//! The call that is measured: one charge, guarded by the library or by hand.

mod by_hand;
mod by_hand_counted;
mod by_hand_token;
pub(crate) mod http;
pub(crate) mod ours;
pub(crate) mod sql;

pub(crate) use by_hand::{ByHand, Completion};
pub(crate) use by_hand_counted::ByHandCounted;
pub(crate) use by_hand_token::ByHandToken;
pub(crate) use ours::{Durable, Ours, OursCounted, OursToken};
use serde::{Deserialize, Serialize};

/// A small result without text: what it allocates would be the body's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Receipt {
    order: u64,
    cents: u64,
    paid: bool,
}

/// The effect: ready at once, so that nothing but the guard is measured.
pub(crate) async fn body(order: u64) -> Receipt {
    Receipt { order, cents: 1299, paid: true }
}

/// Somebody who guards the call.
pub(crate) trait Guard: Clone + Send + Sync + 'static {
    /// Charges an order once.
    ///
    /// # Panics
    ///
    /// When it can't: a bench has no rivals.
    fn charge(&self, order: u64) -> impl Future<Output = Receipt> + Send;
}

impl Receipt {
    /// Whether it is the one of that order.
    pub(crate) fn is_of(&self, order: u64) -> bool {
        self.order == order
    }
}
