//! The store, as the messages of callers find it.

use std::time::Duration;

use idem::__protocol::freed;
use idem::store::Standing as Stands;
use idem::store::{
    Change, ChangeStep, Claim, ClaimStep, Claimed, Found, Lease, Name, Record, Settled, State,
};

use super::{Claims, LEASE, Mistake, Rule, World};
use crate::records::Id;

/// What stands under the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Standing {
    /// The record.
    pub record: Id,
    /// Ticks since it was written or renewed, as far as they matter.
    pub age: u8,
    /// Ticks until it is gone.
    pub left: u8,
}

/// Past this many ticks a lease has lapsed, and its owner has stopped to believe in it.
pub(super) const LONG: u8 = 2;

impl Standing {
    fn fresh(record: &Record, keep: Duration) -> Self {
        let left = keep.as_secs() + u64::from(keep.subsec_nanos() > 0);
        Self { record: Id::of(record), age: 0, left: u8::try_from(left).expect("few ticks") }
    }

    /// Returns whether it is gone now.
    pub(super) fn tick(&mut self) -> bool {
        self.age = (self.age + 1).min(LONG);
        self.left -= 1;
        self.left == 0
    }

    fn stands(self, record: &Record) -> Option<Stands<'_>> {
        Stands::kept(record, seconds(self.age), seconds(self.left))
    }

    /// What is left of its lease, as the store judges.
    #[must_use]
    pub fn lease(self) -> Lease {
        let record = self.record.record();
        self.stands(&record).map_or(Lease::Lapsed, |standing| standing.lease())
    }
}

pub(super) fn seconds(ticks: u8) -> Duration {
    Duration::from_secs(ticks.into())
}

/// A request on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Message {
    /// The running record of the attempt that sends it.
    pub record: Id,
    /// What it asks.
    pub op: Op,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Op {
    /// May the attempt have the key, over the record that it has judged?
    Claim(Option<Id>),
    /// Renew the lease.
    Renew,
    /// Replace the record by this one, completed.
    Complete(Id),
    /// Replace the record by this one, free.
    Release(Id),
}

/// What the store answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reply {
    /// The claim is won.
    Won,
    /// This record stands there; of its lease as much is left.
    Found(Id, Judged),
    /// What the claim was over is gone, and with it what it counted.
    Vanished,
    /// It is done.
    Done,
    /// The record is not the attempt's any more.
    Lost,
}

/// What the store says of a lease: how much is left decides no more than how long to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Judged {
    /// It is live.
    Live,
    /// It has lapsed.
    Lapsed,
}

impl Reply {
    /// The answer to a claim, in the library's words.
    pub(super) fn claimed(self, candidate: &Record) -> Claimed {
        match self {
            Self::Found(id, judged) => {
                let lease = match judged {
                    Judged::Live => Lease::Live(LEASE),
                    Judged::Lapsed => Lease::Lapsed,
                };
                Claimed::Found(Found::new(id.record(), lease))
            }
            Self::Vanished => Claimed::Vanished,
            _ => Claimed::Won { fence: candidate.fence() },
        }
    }

    /// The answer to a change, in the library's words.
    pub(super) fn settled(self) -> Settled {
        if self == Self::Done { Settled::Done } else { Settled::Lost }
    }
}

impl Claims {
    /// A message reaches the store, which answers whoever still waits for that.
    pub(super) fn deliver(&self, world: &mut World, at: usize) {
        let message = world.net.remove(at);
        let sender = Self::caller_of(super::rules::owner(message.record));
        // No record outlives every pause: that a claim comes while its token is good is assumed.
        if matches!(message.op, Op::Claim(_)) && !self.may_claim(world, sender) {
            return;
        }
        let before = world.standing;
        let reply = match message.op {
            Op::Claim(over) => self.claim(world, message.record, over),
            Op::Renew => self.change(world, message.record, Change::Renew),
            Op::Complete(made) => {
                self.change(world, message.record, Change::Complete(&made.record()))
            }
            Op::Release(made) => {
                self.change(world, message.record, Change::Release(&made.record()))
            }
        };
        Self::look_back(world, before, message, reply);
        world.callers[sender].answered(message, reply);
    }

    fn claim(&self, world: &mut World, record: Id, over: Option<Id>) -> Reply {
        let name = Name::new("key");
        let (record, over) = (record.record(), over.map(Id::record));
        let claim = Claim::new(&name, &record, over.as_ref());
        let there = world.standing.map(|standing| (standing, standing.record.record()));
        let standing = there.as_ref().and_then(|(standing, record)| standing.stands(record));
        let step = self.wrong_claim(claim, there.as_ref()).unwrap_or_else(|| claim.step(standing));
        match step {
            ClaimStep::Write { keep } => {
                Self::grant(world, &record);
                world.standing = Some(Standing::fresh(&record, keep));
                Reply::Won
            }
            ClaimStep::Answer(Claimed::Found(found)) => {
                let judged = match found.lease {
                    Lease::Live(_) => Judged::Live,
                    _ => Judged::Lapsed,
                };
                Reply::Found(Id::of(&found.record), judged)
            }
            ClaimStep::Answer(Claimed::Vanished) => Reply::Vanished,
            step => unreachable!("the rules answer nothing else: {step:?}"),
        }
    }

    fn change(&self, world: &mut World, running: Id, change: Change<'_>) -> Reply {
        let running = running.record();
        let there = world.standing.map(|standing| (standing, standing.record.record()));
        let standing = there.as_ref().and_then(|(standing, record)| standing.stands(record));
        if let Some(again) = self.given_back_twice(change, there.as_ref()) {
            world.standing = Some(again);
            return Reply::Done;
        }
        let wrong = self.wrong_change(change, &running, there.as_ref());
        let (step, settled) = wrong.unwrap_or_else(|| change.step(&running, standing));
        match step {
            ChangeStep::Write { record, keep } => {
                world.standing = Some(Standing::fresh(record, keep));
            }
            ChangeStep::Touch { keep } => {
                let keep = if self.has(Mistake::RenewsNoRetention) {
                    world.standing.map_or(keep, |standing| seconds(standing.left))
                } else {
                    keep
                };
                world.standing = Some(Standing::fresh(&running, keep));
            }
            ChangeStep::Remove => world.standing = None,
            _ => {}
        }
        if settled == Settled::Done { Reply::Done } else { Reply::Lost }
    }

    /// What a store that gets it wrong does with a claim.
    fn wrong_claim(
        &self,
        claim: Claim<'_>,
        there: Option<&(Standing, Record)>,
    ) -> Option<ClaimStep> {
        let write = ClaimStep::Write { keep: claim.record.retention() };
        let Some((standing, record)) = there else {
            let carried = claim.over.is_some() && claim.record.spent().is_some();
            return (self.has(Mistake::CarriesACountOver) && carried).then_some(write);
        };
        let running = record.state() == Some(State::Running);
        let is_open =
            running && standing.lease() == Lease::Lapsed || record.state() == Some(State::Free);
        let wrong = match self.mistake? {
            Mistake::TakesOverUnjudged => claim.over == Some(record) && running,
            Mistake::TakesOverUncompared => claim.over.is_some() && is_open,
            _ => false,
        };
        wrong.then_some(write)
    }

    /// What a store that gets it wrong does with a change.
    fn wrong_change<'a>(
        &self,
        change: Change<'a>,
        running: &Record,
        there: Option<&(Standing, Record)>,
    ) -> Option<(ChangeStep<'a>, Settled)> {
        let (standing, record) = there?;
        let own = record.owner() == running.owner() && record.fence() == running.fence();
        let wrong = match (self.mistake?, change) {
            (Mistake::CompletesUncompared, Change::Complete(made)) => {
                ChangeStep::Write { record: made, keep: made.retention() }
            }
            (Mistake::ReleasesUncompared, Change::Release(made))
                if record.state() == Some(State::Running) =>
            {
                ChangeStep::Write { record: made, keep: made.retention() }
            }
            (Mistake::RenewsByOwnerAndFence, Change::Renew) if own => {
                ChangeStep::Touch { keep: running.retention() }
            }
            (Mistake::ReleaseDeletes, Change::Release(_)) if record == running => {
                ChangeStep::Remove
            }
            (Mistake::RefusesALateCompletion, Change::Complete(_))
                if record == running && standing.lease() == Lease::Lapsed =>
            {
                return Some((ChangeStep::Nothing, Settled::Lost));
            }
            _ => return None,
        };
        Some((wrong, Settled::Done))
    }

    /// What a store leaves that adds one up for each release that reaches it.
    fn given_back_twice(
        &self,
        change: Change<'_>,
        there: Option<&(Standing, Record)>,
    ) -> Option<Standing> {
        let (standing, record) = there?;
        let Change::Release(made) = change else { return None };
        let again = self.has(Mistake::GivesBackTwice) && record == made;
        again.then(|| Standing { record: Id::of(&freed(record)), ..*standing })
    }

    /// The store gives the attempt of `record` the key.
    fn grant(world: &mut World, record: &Record) {
        let (fence, past) = (record.fence(), &mut world.past);
        if fence <= past.fence.into() {
            past.breaks(Rule::FencesGrow);
        }
        past.fence = u8::try_from(fence).unwrap_or(u8::MAX);
        past.granted(super::rules::owner_of(record));
    }
}
