//! The decisions of the path without its stores, clocks and tasks, for the models in `tests/model`
//! and the decoders in `tests/decoders`. Not for people: no promise holds here.
//!
//! Nothing is decided here. Each function names one that the path takes, and gives it a model's
//! numbers for owners, arguments and times.

use std::time::Duration;

use tokio::time::Instant;

use crate::asking::{self, Asking, Heard};
use crate::decide::{Asker, Decision, decide};
use crate::held::stands_until;
use crate::key::Fingerprint;
use crate::plan::{OnDuplicate, Plan};
use crate::record::{Content, Header, Owner, Record, State, codec_name};
use crate::store::{Claimed, Lease, Settled};

/// One call of an attempt.
#[derive(Debug, Clone)]
pub struct Call {
    plan: Plan,
    asker: Asker,
}

/// What a call does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    Start,
    /// The claim stands as this record: renew it.
    Renew(Record),
    Claim,
    InFlight,
    TooLate,
    Answer(Answer),
}

/// How a call is answered by a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Replay,
    Mismatch,
    Exhausted,
    /// By nothing that a model has.
    Other,
}

const CODEC: Option<&str> = Some("json");

impl Call {
    /// A call by this owner, with arguments of this number, if they are fingerprinted.
    #[must_use]
    pub fn new(plan: Plan, owner: u8, arguments: Option<u8>) -> Self {
        let asker = Asker {
            owner: Owner::numbered(owner),
            fingerprint: arguments.map(|it| Fingerprint { scheme: 1, hash: [it; 32] }),
            rejects: plan.on_duplicate == OnDuplicate::Reject,
            codec: codec_name(CODEC),
            limit: plan.counts_to(),
        };
        Self { plan, asker }
    }

    /// The record that it claims with.
    #[must_use]
    pub fn record(&self, over: Option<&Record>) -> Record {
        Record::running(&self.asker.start(self.plan, "", 0), over)
    }

    /// Its claim with `candidate`, over what it had judged, is answered so long after it was sent:
    /// what it does next, and what the next claim is over.
    #[must_use]
    pub fn heard(
        &self,
        over: Option<Record>,
        candidate: &Record,
        claimed: Claimed,
        elapsed: Duration,
    ) -> (Next, Option<Record>) {
        let mut asking = self.asking(over);
        let sent = Instant::now();
        let next = match asking.heard(claimed, candidate, sent, || sent + elapsed) {
            Heard::Own(record) => Next::Renew(record),
            Heard::Next(next) => next.into(),
        };
        (next, asking.over().cloned())
    }

    /// The renewal of its own claim is answered so long after it was sent.
    #[must_use]
    pub fn renewed(&self, renewed: Settled, elapsed: Duration) -> Next {
        let sent = Instant::now();
        self.asking(None).renewed(renewed, sent, sent + elapsed).into()
    }

    fn asking(&self, over: Option<Record>) -> Asking {
        Asking::new(self.asker, self.plan.lease_or_default()).over_this(over)
    }

    /// What it is told by the record of a call that it has followed in its own process.
    #[must_use]
    pub fn followed(&self, record: &Record) -> Answer {
        decide(record, Lease::Unjudged, &self.asker).into()
    }

    /// Whether the owner still believes in its claim, so long after it sent what won or renewed it.
    #[must_use]
    pub fn believes(&self, elapsed: Duration) -> bool {
        let sent = Instant::now();
        sent + elapsed < stands_until(sent, self.plan.lease_or_default())
    }

    /// The same call with a retention of at least so much.
    #[must_use]
    pub fn kept_for(self, least: Duration) -> Self {
        Self { plan: self.plan.kept_for(least), ..self }
    }
}

impl From<asking::Next> for Next {
    fn from(next: asking::Next) -> Self {
        match next {
            asking::Next::Start => Self::Start,
            asking::Next::Claim => Self::Claim,
            asking::Next::InFlight(..) => Self::InFlight,
            asking::Next::TooLate => Self::TooLate,
            asking::Next::Answer(decision, _) => Self::Answer(decision.into()),
        }
    }
}

impl From<Decision> for Answer {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::ReplaySuccess => Self::Replay,
            Decision::Mismatch => Self::Mismatch,
            Decision::Exhausted { .. } => Self::Exhausted,
            _ => Self::Other,
        }
    }
}

/// The record that completes an attempt with a result.
///
/// # Panics
///
/// If `running` is no record.
#[must_use]
pub fn completed(running: &Record) -> Record {
    let next = running.next(State::Completed, Content::Success);
    Record::of(Header { codec: codec_name(CODEC), ..next }, "")
}

/// The record that gives an attempt back.
///
/// # Panics
///
/// If `running` is no record.
#[must_use]
pub fn freed(running: &Record) -> Record {
    running.freed()
}

/// The same record under the fence that a store gave it.
///
/// # Panics
///
/// If `record` is none.
#[must_use]
pub fn with_fence(record: &Record, fence: u64) -> Record {
    record.with_fence(fence)
}

/// The encoded result that a record keeps; none for a value that can't be read.
#[must_use]
pub fn body(record: &Record) -> &[u8] {
    record.body()
}

/// The number of the owner that wrote a record.
#[must_use]
pub fn owner(record: &Record) -> Option<u8> {
    record.owner().map(Owner::number)
}

/// How long the use of a token is kept that was issued at `iat` and expires at `exp`, in seconds
/// since 1970; `None` when a clock that says `now` does not take it.
#[must_use]
pub fn use_of_token(iat: u64, exp: u64, now: Duration, leeway: Duration) -> Option<Duration> {
    crate::token::use_of(iat, exp, now, leeway)
}
