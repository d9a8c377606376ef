//! What a store does wrong where it counts.

use std::time::Duration;

use idem::store::{Claim, Record, State};

use crate::broken::{Broken, Row};
use crate::mistake::Mistake as M;

impl Broken {
    /// Whether a claim has a name by mistake, or by mistake has it not; `None` without one.
    pub(crate) fn mistaken_count(&self, claim: Claim<'_>, row: &Row) -> Option<bool> {
        let counted = claim.record.spent().is_some();
        let own = row.record.owner() == claim.record.owner();
        let free = row.record.state() == Some(State::Free);
        match self.mistake {
            M::CountsAClaimSentAgain if counted && own && !free => Some(true),
            M::ForgetsWhoGaveBack if counted && own && free => Some(true),
            M::RunsToTheLimitAtOnce if counted && claim.over == Some(&row.record) => {
                Some(row.record.state() != Some(State::Completed))
            }
            M::KeepsTheKindsApart if counted != row.record.spent().is_some() => Some(false),
            _ => None,
        }
    }

    /// How long a record is kept that follows a row: where it counts, for the rest of the window.
    pub(crate) fn keep(&self, record: &Record, row: &Row) -> Duration {
        let running = record.state() == Some(State::Running);
        let left = row.keep.saturating_sub(row.written.elapsed());
        match self.mistake {
            _ if record.spent().is_none() || row.record.spent().is_none() => record.retention(),
            M::BeginsTheWindowAnew => record.retention(),
            M::EndsTheWindowInAnAttempt => left,
            M::OutlivesOnlyByRenewing if row.record != *record => left,
            _ if running => left.max(record.lease()),
            _ => left,
        }
    }
}
