use idem::{OnErr, idempotent};

use crate::gateway::{self, Receipt};

#[derive(Debug)]
#[expect(dead_code, reason = "read by `Debug` alone")]
pub enum PayError {
    Declined,
    TimedOut,
    Idem(idem::Error),
}

impl From<idem::Error> for PayError {
    fn from(error: idem::Error) -> Self {
        Self::Idem(error)
    }
}

impl From<gateway::PayError> for PayError {
    fn from(_: gateway::PayError) -> Self {
        Self::TimedOut
    }
}

fn policy(error: &PayError) -> OnErr {
    match error {
        PayError::Declined => OnErr::Release,
        PayError::TimedOut | PayError::Idem(_) => OnErr::Hold,
    }
}

#[idempotent(key = "pay:{order}", strategy = "setnx", ttl = "7d", on_err = policy, fingerprint(amount))]
pub async fn pay(order: u64, amount: u64) -> Result<Receipt, PayError> {
    if amount == 0 {
        return Err(PayError::Declined);
    }
    Ok(gateway::charge(amount, idem::attempt().downstream_key("charge")).await?)
}
