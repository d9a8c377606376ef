use idem::idempotent;

use crate::gateway::{self, PayError, Receipt};

#[idempotent(key = "payout:{order}", strategy = "count", ttl = "30d", fingerprint(cents))]
pub async fn payout(order: u64, cents: u64) -> Result<Receipt, PayError> {
    gateway::charge(cents, idem::attempt().downstream_key("payout")).await // once, or a person is asked
}
