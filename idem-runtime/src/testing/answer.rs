//! What a delivery was answered with, and whether that ends it.

use std::fmt;

use crate::outcome::{Outcome, Told};

/// How the handler's guarded call was answered, and whether the handler returned an `Ok`.
pub(super) struct Answer {
    told: Told,
    is_ok: bool,
}

impl Answer {
    /// # Panics
    ///
    /// For a handler that made no guarded call.
    pub(super) fn of(told: Option<Told>, is_ok: bool) -> Self {
        let told = told.unwrap_or_else(|| {
            panic!(
                "idem::testing: the handler made no guarded call, so there is nothing to explore: \
                 deliver a function under `#[idempotent]`"
            )
        });
        Self { told, is_ok }
    }

    /// Whether the body itself has failed.
    pub(super) fn is_failure(&self) -> bool {
        !self.is_ok && self.has_run()
    }

    /// Whether nobody would deliver again.
    pub(super) fn is_final(&self) -> bool {
        match self.told.refusal {
            Some("in_flight" | "conflict" | "outage" | "timed_out") => false,
            Some(_) => true,
            None => self.is_ok || !self.has_run(),
        }
    }

    fn has_run(&self) -> bool {
        matches!(self.told.outcome, Outcome::Ran { .. } | Outcome::Unguarded)
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = if self.is_ok { "Ok" } else { "Err" };
        if let Some(code) = self.told.refusal {
            return write!(f, "answers {value}, refused: {code}");
        }
        match self.told.outcome {
            Outcome::Ran { attempt, stored: true } => {
                write!(f, "answers {value} of attempt {attempt}")
            }
            Outcome::Ran { attempt, .. } => {
                write!(f, "answers {value} of attempt {attempt}, not known to be stored")
            }
            Outcome::Replayed { .. } | Outcome::Waited => write!(f, "answers the stored {value}"),
            Outcome::Refused | Outcome::Unguarded => write!(f, "answers {value}, unguarded"),
        }
    }
}
