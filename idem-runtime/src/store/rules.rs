//! What a claim or a change does to what stands under a name: pure functions, for every store that
//! keeps bytes and a time. A store that decides elsewhere (a script in Redis, a statement in SQL)
//! mirrors them, and the conformance suite holds it to that.

use std::time::Duration;

use super::{Change, Claim, Claimed, Found, Lease, Settled};
use crate::record::{Record, State};

/// A record as it stands in a store.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    record: &'a Record,
    /// Since it was written or renewed, by the store's clock.
    age: Duration,
    /// Until it is gone, by the same clock.
    left: Duration,
}

impl<'a> Standing<'a> {
    /// A record that was written or renewed `age` ago by the store's clock; `None` once its
    /// retention is over, for expired means absent.
    ///
    /// For a store that does not count: what is counted is kept for as long as its step says, and
    /// stands by [`kept`](Standing::kept).
    #[must_use]
    pub fn new(record: &'a Record, age: Duration) -> Option<Self> {
        Self::kept(record, age, record.retention().saturating_sub(age))
    }

    /// A record that was written or renewed `age` ago, and of whose time `left` is left: the step
    /// that wrote or renewed it said how long it is kept. `None` once that is over.
    #[must_use]
    pub fn kept(record: &'a Record, age: Duration, left: Duration) -> Option<Self> {
        let kept = !left.is_zero() || record.state().is_none();
        kept.then_some(Self { record, age, left })
    }

    /// What is left of the record's lease.
    #[must_use]
    pub fn lease(&self) -> Lease {
        let lease = self.record.lease();
        if lease.is_zero() {
            // No lease can be read: it is owned for as long as it is kept.
            Lease::Live(self.left)
        } else if self.age > lease {
            Lease::Lapsed
        } else {
            Lease::Live(lease.saturating_sub(self.age))
        }
    }

    /// The record, and what is left of its lease.
    #[must_use]
    pub fn found(&self) -> Found {
        Found::new(self.record.clone(), self.lease())
    }

    fn is_open(&self) -> bool {
        match self.record.state() {
            Some(State::Free) => true,
            Some(State::Running) => self.lease() == Lease::Lapsed,
            Some(State::Completed) | None => false,
        }
    }

    /// What is left of the window that the record counts in, if it does.
    fn window(&self) -> Option<Duration> {
        self.record.spent().map(|_| self.left)
    }
}

/// How long `record` is kept from now, when it follows what stands in a window of which this is
/// left: the window goes on, and outlives a running attempt by its lease.
fn kept(record: &Record, window: Option<Duration>) -> Duration {
    match window.filter(|_| record.spent().is_some()) {
        Some(left) if record.state() == Some(State::Running) => left.max(record.lease()),
        Some(left) => left,
        None => record.retention(),
    }
}

/// What a store does with a claim.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClaimStep {
    /// Writes the claim's record, which is now fresh, and answers [`Claimed::Won`].
    Write {
        /// How long it is kept from now: its retention, unless it counts.
        keep: Duration,
    },
    /// Writes nothing, and answers this.
    Answer(Claimed),
}

impl Claim<'_> {
    /// What a store does with this claim, given what stands under its name.
    #[must_use]
    pub fn step(&self, standing: Option<Standing<'_>>) -> ClaimStep {
        match standing {
            // What it counted is gone with it, and the claim's record counts on from there.
            None if self.over.is_some() && self.record.spent().is_some() => {
                ClaimStep::Answer(Claimed::Vanished)
            }
            None => ClaimStep::Write { keep: self.record.retention() },
            Some(standing) if self.over == Some(standing.record) && standing.is_open() => {
                ClaimStep::Write { keep: kept(self.record, standing.window()) }
            }
            Some(standing) => ClaimStep::Answer(Claimed::Found(standing.found())),
        }
    }
}

/// What a store does with a change.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeStep<'a> {
    /// Writes a record, which is now fresh.
    Write {
        /// The record.
        record: &'a Record,
        /// How long it is kept from now: its retention, unless it counts.
        keep: Duration,
    },
    /// Makes the record that stands there fresh again.
    Touch {
        /// How long it is kept from now: its retention, unless it counts.
        keep: Duration,
    },
    /// Removes the record.
    Remove,
    /// Nothing.
    Nothing,
}

impl<'a> Change<'a> {
    /// What a store does to what stands under a name that the attempt of `running` has claimed, and
    /// what it answers.
    pub fn step(
        self,
        running: &Record,
        standing: Option<Standing<'_>>,
    ) -> (ChangeStep<'a>, Settled) {
        let Some(standing) = standing else { return (ChangeStep::Nothing, Settled::Lost) };
        if standing.record == running {
            let step = match self {
                Self::Renew => ChangeStep::Touch { keep: kept(running, standing.window()) },
                Self::Complete(record) | Self::Release(record) => {
                    ChangeStep::Write { record, keep: kept(record, standing.window()) }
                }
                Self::Purge => ChangeStep::Remove,
            };
            (step, Settled::Done)
        } else {
            (ChangeStep::Nothing, self.already(running, standing.record))
        }
    }

    /// Whether a record that is not the running one is what an earlier try of this change, whose
    /// answer was lost, has left there.
    pub(crate) fn already(&self, running: &Record, found: &Record) -> Settled {
        let (made, state) = match self {
            Self::Complete(record) => (record, State::Completed),
            Self::Release(record) => (record, State::Free),
            Self::Renew | Self::Purge => return Settled::Lost,
        };
        let own = found.owner().is_some() && found.owner() == running.owner();
        // A person's completion has an owner of its own, and is known by its bytes.
        let done = found == *made || (own && found.state() == Some(state));
        if done { Settled::Done } else { Settled::Lost }
    }
}

#[cfg(test)]
mod tests;
