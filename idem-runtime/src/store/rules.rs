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
}

impl<'a> Standing<'a> {
    /// A record that was written or renewed `age` ago by the store's clock; `None` once its
    /// retention is over, for expired means absent.
    #[must_use]
    pub fn new(record: &'a Record, age: Duration) -> Option<Self> {
        let kept = record.retention() > age || record.state().is_none();
        kept.then_some(Self { record, age })
    }

    /// What is left of the record's lease.
    #[must_use]
    pub fn lease(&self) -> Lease {
        let lease = self.record.lease();
        if lease.is_zero() {
            // No lease can be read: it is owned for as long as it is kept.
            Lease::Live(self.record.retention().saturating_sub(self.age))
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
}

/// What a store does with a claim.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClaimStep {
    /// Writes the claim's record, which is now fresh, and answers [`Claimed::Won`].
    Write,
    /// Writes nothing, and answers this.
    Answer(Claimed),
}

impl Claim<'_> {
    /// What a store does with this claim, given what stands under its name.
    #[must_use]
    pub fn step(&self, standing: Option<Standing<'_>>) -> ClaimStep {
        match standing {
            None => ClaimStep::Write,
            Some(standing) if self.over == Some(standing.record) && standing.is_open() => {
                ClaimStep::Write
            }
            Some(standing) => ClaimStep::Answer(Claimed::Found(standing.found())),
        }
    }
}

/// What a store does with a change.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeStep<'a> {
    /// Writes this record, which is now fresh.
    Write(&'a Record),
    /// Makes the record that stands there fresh again.
    Touch,
    /// Removes the record.
    Remove,
    /// Nothing.
    Nothing,
}

impl<'a> Change<'a> {
    /// What a store does to what stands under a name that the attempt of `running` has claimed, and
    /// what it answers.
    #[must_use]
    pub fn step(
        self,
        running: &Record,
        standing: Option<Standing<'_>>,
    ) -> (ChangeStep<'a>, Settled) {
        let Some(standing) = standing else { return (ChangeStep::Nothing, Settled::Lost) };
        if standing.record == running {
            let step = match self {
                Self::Renew => ChangeStep::Touch,
                Self::Complete(record) | Self::Release(record) => ChangeStep::Write(record),
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
mod tests {
    use super::*;
    use crate::record::{Owner, Start};

    fn running(lease: u64, retention: u64) -> Record {
        let start = Start {
            owner: Owner::new(),
            lease: Duration::from_millis(lease),
            retention: Duration::from_millis(retention),
            fingerprint: None,
            holder: "",
            started: 0,
        };
        Record::running(&start, None)
    }

    #[test]
    fn a_lease_has_lapsed_when_more_than_it_has_passed() {
        let record = running(100, 300);
        let lease = |age| Standing::new(&record, age).map(|standing| standing.lease());
        let tick = Duration::from_nanos(1);
        let (end, last) = (Duration::from_millis(100), Duration::from_millis(299));
        assert_eq!(lease(Duration::ZERO), Some(Lease::Live(end)));
        assert_eq!(lease(end), Some(Lease::Live(Duration::ZERO)));
        assert_eq!(lease(end + tick), Some(Lease::Lapsed));
        assert_eq!(lease(last), Some(Lease::Lapsed));
    }

    #[test]
    fn a_record_is_gone_when_its_retention_has_passed() {
        for record in [running(100, 300), running(100, 300).freed(), running(300, 300)] {
            assert!(Standing::new(&record, Duration::from_millis(299)).is_some());
            assert!(Standing::new(&record, Duration::from_millis(300)).is_none());
        }
    }

    #[test]
    fn a_value_that_cannot_be_read_is_never_gone_and_never_free() {
        let foreign = Record::from_bytes(b"somebody else's");
        let standing = Standing::new(&foreign, Duration::MAX);
        let record = running(100, 300);
        let claim = crate::store::Name::new("name");
        let step = Claim::new(&claim, &record, Some(&foreign)).step(standing);
        assert!(matches!(step, ClaimStep::Answer(Claimed::Found(_))), "{step:?}");
    }

    /// A person's completion has an owner of its own.
    #[test]
    fn a_change_that_had_arrived_is_found_done() {
        let (running, other) = (running(100, 300), running(100, 300));
        let settle = |change: Change<'_>, there: &Record| {
            change.step(&running, Standing::new(there, Duration::ZERO)).1
        };
        for made in [running.freed(), other.freed()] {
            assert_eq!(settle(Change::Complete(&made), &made), Settled::Done);
            assert_eq!(settle(Change::Release(&made), &made), Settled::Done);
        }
        assert_eq!(settle(Change::Release(&running.freed()), &other.freed()), Settled::Lost);
    }
}
