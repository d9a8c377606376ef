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
    #[must_use]
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
mod tests {
    use super::*;
    use crate::record::{Content, Owner, Start};

    fn running(lease: u64, retention: u64) -> Record {
        let start = Start {
            owner: Owner::new(),
            lease: Duration::from_millis(lease),
            retention: Duration::from_millis(retention),
            fingerprint: None,
            holder: "",
            started: 0,
            counts: false,
        };
        Record::running(&start, None)
    }

    fn counted(over: Option<&Record>) -> Record {
        let start = Start {
            owner: Owner::new(),
            lease: Duration::from_millis(100),
            retention: Duration::from_millis(300),
            fingerprint: None,
            holder: "",
            started: 0,
            counts: true,
        };
        Record::running(&start, over)
    }

    /// The window goes on, is never shorter than a running attempt's lease, and starts anew when
    /// the attempt completes.
    #[test]
    fn what_is_counted_is_kept_for_the_rest_of_its_window() {
        let running = counted(None);
        let ms = Duration::from_millis;
        let completed = Record::of(running.next(State::Completed, Content::Nothing), "");
        for (left, running_is_kept) in [(ms(250), ms(250)), (ms(100), ms(100)), (ms(7), ms(100))] {
            let standing = Standing::kept(&running, ms(50), left);
            let step = |change: Change<'static>| change.step(&running, standing).0;
            assert_eq!(step(Change::Renew), ChangeStep::Touch { keep: running_is_kept });
            let free: &Record = Box::leak(Box::new(running.freed()));
            let done: &Record = Box::leak(Box::new(completed.clone()));
            let released = step(Change::Release(free));
            assert_eq!(released, ChangeStep::Write { record: free, keep: left });
            let complete = step(Change::Complete(done));
            assert_eq!(complete, ChangeStep::Write { record: done, keep: ms(300) });
            let next = counted(Some(&running));
            let name = crate::store::Name::new("name");
            let lapsed = Standing::kept(&running, ms(101), left);
            let step = Claim::new(&name, &next, Some(&running)).step(lapsed);
            assert_eq!(step, ClaimStep::Write { keep: running_is_kept });
        }
    }

    #[test]
    fn attempts_are_spent_one_by_one_and_given_back_one_by_one() {
        let first = counted(None);
        assert_eq!((first.spent(), first.freed().spent()), (Some(1), Some(0)));
        let second = counted(Some(&first));
        assert_eq!((second.spent(), second.freed().spent()), (Some(2), Some(1)));
        let third = counted(Some(&second.freed()));
        assert_eq!((third.spent(), third.attempts(), third.fence()), (Some(2), 3, 3));
        // An attempt that was not counted speaks for itself.
        assert_eq!(counted(Some(&running(100, 300))).spent(), Some(2));
        assert_eq!(counted(Some(&running(100, 300).freed())).spent(), Some(1));
    }

    /// Its count would be of a window that is over.
    #[test]
    fn a_count_is_not_carried_over_into_the_next_window() {
        let (name, judged) = (crate::store::Name::new("name"), counted(None));
        let next = counted(Some(&judged));
        let step = Claim::new(&name, &next, Some(&judged)).step(None);
        assert_eq!(step, ClaimStep::Answer(Claimed::Vanished));
    }

    /// Only a count is lost with what stood there.
    #[test]
    fn what_does_not_count_is_claimed_when_what_it_judged_has_gone() {
        let name = crate::store::Name::new("name");
        let (judged, first) = (running(100, 300), counted(None));
        for (record, over) in [(&running(100, 300), Some(&judged)), (&first, None)] {
            let step = Claim::new(&name, record, over).step(None);
            assert_eq!(step, ClaimStep::Write { keep: Duration::from_millis(300) });
        }
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

    /// The attempt's own end is known by its owner, whatever its bytes; another end is none.
    #[test]
    fn an_attempt_that_has_ended_otherwise_is_lost() {
        let running = running(100, 300);
        let end = |content| Record::of(running.next(State::Completed, content), "");
        let (made, stored) = (end(Content::Success), end(Content::NotStored));
        let settle = |change: Change<'_>, there: &Record| {
            change.step(&running, Standing::new(there, Duration::ZERO)).1
        };
        assert_eq!(settle(Change::Complete(&made), &stored), Settled::Done);
        assert_eq!(settle(Change::Complete(&made), &running.freed()), Settled::Lost);
        assert_eq!(settle(Change::Release(&running.freed()), &stored), Settled::Lost);
    }
}
