//! What a call knows of its key, and what it does about each answer: the decisions of the path
//! without its waits. The models take them too, so nothing here asks a store or a clock.

use std::time::Duration;

use tokio::time::Instant;

use crate::decide::{Asker, Decision, decide, leaves_another};
use crate::held::stands_until;
use crate::record::{Owner, Record, State};
use crate::store::{Claimed, Found, Lease, Settled};

/// A call that asks for the right to run.
#[derive(Debug, Clone)]
pub(crate) struct Asking {
    asker: Asker,
    lease: Duration,
    /// The record that was judged, and that the next claim is to replace.
    over: Option<Record>,
    /// Whether the key was found free, or with a lapsed lease: then it is claimed, not waited for.
    open: bool,
}

/// What the answer to a claim says.
#[derive(Debug)]
pub(crate) enum Heard {
    /// The claim stands as this record, of an earlier send; how much of its lease is left is not known.
    /// Renew it.
    Own(Record),
    Next(Next),
}

/// What a call does next.
#[derive(Debug)]
pub(crate) enum Next {
    /// Starts its body: the claim stands.
    Start,
    /// Claims again.
    Claim,
    /// Waits, or is refused: this record is another attempt's, and its lease is live for this long.
    InFlight(Record, Duration),
    /// Is answered, or refused, because of this record.
    Answer(Decision, Record),
    /// Gives the claim back: the store takes longer to answer than the lease lasts.
    TooLate,
}

impl Asking {
    pub(crate) fn new(asker: Asker, lease: Duration) -> Self {
        Self { asker, lease, over: None, open: false }
    }

    /// One that has judged this record.
    #[cfg(feature = "testing")]
    pub(crate) fn over_this(self, judged: Option<Record>) -> Self {
        Self { over: judged, ..self }
    }

    pub(crate) fn asker(&self) -> &Asker {
        &self.asker
    }

    pub(crate) fn over(&self) -> Option<&Record> {
        self.over.as_ref()
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    /// The claim of `candidate`, which was sent at `sent`, is answered. A claim that is won has the
    /// fence that the store gave it.
    pub(crate) fn heard(
        &mut self,
        claimed: Claimed,
        candidate: &Record,
        sent: Instant,
        now: impl FnOnce() -> Instant,
    ) -> Heard {
        let found = match claimed {
            Claimed::Won { .. } if now() < stands_until(sent, self.lease) => {
                return Heard::Next(Next::Start);
            }
            // The answer took so long that the lease may be over: as if found.
            Claimed::Won { .. } => Found::settled(candidate.clone()),
            Claimed::Found(found) => found,
            // The window is over: the next one counts from the start.
            Claimed::Vanished => {
                (self.over, self.open) = (None, true);
                return Heard::Next(Next::Claim);
            }
        };
        let decision = decide(&found.record, found.lease, &self.asker);
        self.open = decision == Decision::TakeOver
            && (found.record.state() == Some(State::Free) || found.lease == Lease::Lapsed);
        let next = match decision {
            Decision::Renew => return Heard::Own(found.record),
            Decision::TakeOver => Next::Claim,
            Decision::InFlight => {
                let left = found.lease.left().unwrap_or_else(|| found.record.lease());
                Next::InFlight(found.record.clone(), left)
            }
            _ => return Heard::Next(Next::Answer(decision, found.record)),
        };
        self.over = Some(found.record).filter(|judged| leaves_another(judged, &self.asker));
        Heard::Next(next)
    }

    /// The renewal of its own claim, which was sent at `sent`, is answered.
    pub(crate) fn renewed(&mut self, renewed: Settled, sent: Instant, now: Instant) -> Next {
        match renewed {
            Settled::Done if now < stands_until(sent, self.lease) => Next::Start,
            Settled::Done => Next::TooLate,
            // Another has taken the key over meanwhile: this is a new attempt, with an owner of its own.
            Settled::Lost => {
                self.asker.owner = Owner::new();
                self.over = None;
                Next::Claim
            }
        }
    }
}

#[cfg(test)]
mod tests;
