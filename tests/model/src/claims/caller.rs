//! A caller: what it waits for, and what it may do.

use idem::__protocol::{self, Answer, Next};
use idem::store::Record;

use super::rules::{owner, owner_of};
use super::store::{Judged, LONG, Message, Op, Reply, seconds};
use super::{Claims, Mistake, Rule, World};
use crate::records::Id;

/// One caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Caller {
    /// Which of its calls it makes, or an owner that a call has become.
    pub call: u8,
    /// Where that call is.
    pub phase: Phase,
}

/// Where a call is. Times are ticks since the request that counts was sent first, as far as they
/// matter.
#[allow(missing_docs, reason = "the fields say what they are")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// It has asked nobody, or will ask again about what it has judged.
    Idle,
    /// Its claim is sent.
    Claiming { candidate: Id, over: Option<Id>, since: u8, reply: Option<Reply> },
    /// It has found its own claim, and renews it before it starts.
    Renewing { candidate: Id, since: u8, reply: Option<Reply> },
    /// It was told that another is in flight, or that it may claim over what was judged.
    Told { over: Option<Id>, in_flight: bool },
    /// It follows a call of this owner, in its own process.
    Following(u8),
    /// Its body runs; a renewal may be on its way.
    Running { record: Id, since: u8, renewal: Option<(u8, Option<Reply>)> },
    /// Its body has ended, and what becomes of the key is sent.
    Settling { record: Id, made: Id, failed: bool, since: u8, reply: Option<Reply> },
    /// It has its answer.
    Over(End),
}

/// How a call was answered.
#[allow(missing_docs, reason = "the fields say what they are")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// Its own body's value, and whether it is known to be stored.
    Ran { made: Id, stored: bool },
    /// What another has stored.
    Replayed,
    /// An error, or nothing: it has crashed.
    Refused,
}

/// What a caller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Claims.
    Claim,
    /// Hears the answer to what it waits for.
    Hear,
    /// Sends the same again.
    Repeat,
    /// Waits no longer for an answer.
    GiveUp,
    /// Takes "in flight" for an answer.
    Leave,
    /// Follows the call that its own process runs.
    Follow,
    /// Hears how that has ended, or stops to follow it.
    Land,
    /// Renews the lease of its body.
    Renew,
    /// Hears the answer to that.
    HearRenewal,
    /// Its body succeeds.
    Succeed,
    /// Its body fails, and its attempt is given back.
    Fail,
    /// Its process dies.
    Crash,
}

fn ticked(since: &mut u8) {
    *since = (*since + 1).min(LONG);
}

impl Caller {
    pub(super) fn tick(&mut self) {
        match &mut self.phase {
            Phase::Claiming { since, .. }
            | Phase::Renewing { since, .. }
            | Phase::Settling { since, .. } => ticked(since),
            Phase::Running { since, renewal, .. } => {
                ticked(since);
                if let Some((sent, _)) = renewal {
                    ticked(sent);
                }
            }
            _ => {}
        }
    }

    /// The store's answer to a message comes back, to whoever still waits for it.
    pub(super) fn answered(&mut self, message: Message, answer: Reply) {
        let there = message.record;
        let reply = match (&mut self.phase, message.op) {
            (Phase::Claiming { candidate, over, reply, .. }, Op::Claim(sent))
                if *candidate == there && *over == sent =>
            {
                reply
            }
            (Phase::Renewing { candidate, reply, .. }, Op::Renew) if *candidate == there => reply,
            (Phase::Running { record, renewal: Some((_, reply)), .. }, Op::Renew)
                if *record == there =>
            {
                reply
            }
            (
                Phase::Settling { record, made, reply, .. },
                Op::Complete(sent) | Op::Release(sent),
            ) if *record == there && *made == sent => reply,
            _ => return,
        };
        reply.get_or_insert(answer);
    }

    /// The record in whose lease it believes, while its body runs or its result is stored.
    pub(super) fn believes_in(&self, model: &Claims) -> Option<Id> {
        let (Phase::Running { record, since, .. }
        | Phase::Settling { record, since, failed: false, .. }) = self.phase
        else {
            return None;
        };
        let call = model.call(owner(record));
        call.believes(seconds(since)).then_some(record)
    }
}

impl Claims {
    /// What a caller may do now.
    pub(super) fn deeds(&self, world: &World, caller: usize, mut may: impl FnMut(Deed)) {
        let this = world.callers[caller];
        match this.phase {
            Phase::Idle => {
                if self.may_claim(world, caller) {
                    may(Deed::Claim);
                    if self.leader(world, caller).is_some() {
                        may(Deed::Follow);
                    }
                }
                return;
            }
            Phase::Told { in_flight, .. } => {
                if self.may_claim(world, caller) {
                    may(Deed::Claim);
                }
                if in_flight {
                    may(Deed::Leave);
                    if self.leader(world, caller).is_some() {
                        may(Deed::Follow);
                    }
                }
            }
            Phase::Claiming { reply, .. }
            | Phase::Renewing { reply, .. }
            | Phase::Settling { reply, .. } => {
                if reply.is_some() {
                    may(Deed::Hear);
                } else {
                    may(Deed::GiveUp);
                }
                if world.repeats > 0 {
                    may(Deed::Repeat);
                }
            }
            Phase::Following(leader) => {
                if self.has_landed(world, leader) {
                    may(Deed::Land);
                }
                return;
            }
            Phase::Running { renewal, .. } => {
                match renewal {
                    None if world.renewals > 0 => may(Deed::Renew),
                    Some((_, Some(_))) => may(Deed::HearRenewal),
                    _ => {}
                }
                may(Deed::Succeed);
                may(Deed::Fail);
            }
            Phase::Over(_) => return,
        }
        if world.crashes > 0 {
            may(Deed::Crash);
        }
    }

    pub(super) fn act(&self, world: &mut World, caller: usize, deed: Deed) {
        let Caller { call, phase } = world.callers[caller];
        let next = match (deed, phase) {
            (Deed::Claim, Phase::Idle) => self.claims(world, caller, None),
            (Deed::Claim, Phase::Told { over, .. }) => self.claims(world, caller, over),
            (Deed::Follow, _) => {
                let leader = self.leader(world, caller).expect("there is one to follow");
                Phase::Following(leader)
            }
            (Deed::Land, Phase::Following(leader)) => self.lands(world, caller, leader),
            (Deed::Hear, _) => self.hears(world, caller),
            (Deed::Repeat, _) => {
                world.repeats -= 1;
                world.send(sent(phase));
                phase
            }
            (Deed::GiveUp, _) => self.gives_up(world, caller),
            (Deed::Renew, Phase::Running { record, since, .. }) => {
                world.renewals -= 1;
                world.send(Message { record, op: Op::Renew });
                Phase::Running { record, since, renewal: Some((0, None)) }
            }
            (Deed::HearRenewal, Phase::Running { record, renewal: Some((sent, reply)), .. }) => {
                let since = match reply {
                    Some(Reply::Done) if self.has(Mistake::CountsRenewalsFromTheAnswer) => 0,
                    Some(Reply::Done) => sent,
                    // Lost: its body goes on, and nobody believes in it any more.
                    _ => LONG,
                };
                Phase::Running { record, since, renewal: None }
            }
            (Deed::Succeed, Phase::Running { record, since, .. }) => {
                let made = Id::of(&self.completed(&record.record()));
                world.send(Message { record, op: Op::Complete(made) });
                Phase::Settling { record, made, failed: false, since, reply: None }
            }
            (Deed::Fail, Phase::Running { record, since, .. }) => {
                let made = Id::of(&__protocol::freed(&record.record()));
                world.send(Message { record, op: Op::Release(made) });
                world.past.failed(self.owner(caller, call));
                Phase::Settling { record, made, failed: true, since, reply: None }
            }
            (Deed::Leave, _) => self.next_call(world, caller),
            (Deed::Crash, _) => {
                world.crashes -= 1;
                self.next_call(world, caller)
            }
            (deed, phase) => unreachable!("{deed:?} in {phase:?}"),
        };
        world.callers[caller].phase = next;
    }

    fn completed(&self, running: &Record) -> Record {
        if self.has(Mistake::CompletesWithoutArguments) {
            let owner = owner_of(running);
            let forgetful = __protocol::Call::new(self.plan, owner, None);
            return __protocol::completed(&forgetful.record(None));
        }
        __protocol::completed(running)
    }

    /// A caller that has no answer calls again, as long as it has calls.
    fn next_call(&self, world: &mut World, caller: usize) -> Phase {
        if world.callers[caller].call + 1 >= self.calls[caller] {
            return Phase::Over(End::Refused);
        }
        world.callers[caller].call += 1;
        Phase::Idle
    }

    fn claims(&self, world: &mut World, caller: usize, over: Option<Id>) -> Phase {
        let call = self.call(self.owner(caller, world.callers[caller].call));
        let candidate = Id::of(&call.record(over.map(Id::record).as_ref()));
        world.send(Message { record: candidate, op: Op::Claim(over) });
        Phase::Claiming { candidate, over, since: 0, reply: None }
    }

    fn starts(&self, world: &mut World, caller: usize, record: Id, since: u8) -> Phase {
        self.look_at_start(world, caller, Some(record));
        Phase::Running { record, since, renewal: None }
    }

    fn hears(&self, world: &mut World, caller: usize) -> Phase {
        match world.callers[caller].phase {
            Phase::Claiming { candidate, over, since, reply: Some(reply) } => {
                self.hears_of_claim(world, caller, (candidate, over, since), reply)
            }
            Phase::Renewing { candidate, since, reply: Some(reply) } => {
                self.hears_of_own(world, caller, candidate, since, reply)
            }
            Phase::Settling { made, failed: false, reply: Some(reply), .. } => {
                Phase::Over(End::Ran { made, stored: reply == Reply::Done })
            }
            Phase::Settling { .. } => self.next_call(world, caller),
            phase => unreachable!("nothing to hear in {phase:?}"),
        }
    }

    fn hears_of_claim(
        &self,
        world: &mut World,
        caller: usize,
        (candidate, over, since): (Id, Option<Id>, u8),
        reply: Reply,
    ) -> Phase {
        let me = self.owner(caller, world.callers[caller].call);
        let record = candidate.record();
        let call = match self.mistake {
            Some(Mistake::ComparesNoArguments) => __protocol::Call::new(self.plan, me, None),
            _ => self.call(me),
        };
        let won_late = reply == Reply::Won && self.has(Mistake::StartsOnALateAnswer);
        let elapsed = seconds(if won_late { 0 } else { since });
        let claimed = match reply {
            Reply::Found(found, _) if self.has(Mistake::IsExhaustedTooEarly) => {
                Reply::Found(found, Judged::Lapsed).claimed(&record)
            }
            reply => reply.claimed(&record),
        };
        let (next, judged) = call.heard(over.map(Id::record), &record, claimed, elapsed);
        match next {
            Next::Start if self.has(Mistake::CountsFromTheAnswer) => {
                self.starts(world, caller, candidate, 0)
            }
            Next::Start => self.starts(world, caller, candidate, since),
            Next::Renew(own) => self.finds_own(world, caller, Id::of(&own), since),
            Next::Claim => Phase::Told { over: judged.as_ref().map(Id::of), in_flight: false },
            Next::InFlight => {
                let Reply::Found(found, _) = reply else { unreachable!("it was found") };
                self.look_at_arguments(world, caller, owner(found));
                let past_limit = self.has(Mistake::ClaimsPastTheLimit).then_some(found);
                let over = past_limit.or(judged.as_ref().map(Id::of));
                Phase::Told { over, in_flight: true }
            }
            Next::TooLate => self.gives_up(world, caller),
            Next::Answer(answer) => {
                let Reply::Found(found, judged) = reply else { unreachable!("it was found") };
                self.is_answered(world, caller, answer, found, judged)
            }
        }
    }

    fn finds_own(&self, world: &mut World, caller: usize, own: Id, since: u8) -> Phase {
        if self.has(Mistake::StartsUnrenewed) {
            return self.starts(world, caller, own, 0);
        }
        let call = self.call(owner(own));
        if self.has(Mistake::CountsFoundClaimsFromTheLastSend) && call.believes(seconds(since)) {
            return self.starts(world, caller, own, since);
        }
        world.send(Message { record: own, op: Op::Renew });
        Phase::Renewing { candidate: own, since: 0, reply: None }
    }

    fn hears_of_own(
        &self,
        world: &mut World,
        caller: usize,
        candidate: Id,
        since: u8,
        reply: Reply,
    ) -> Phase {
        if self.has(Mistake::StartsOnALostClaim) {
            return self.starts(world, caller, candidate, since);
        }
        let elapsed = if self.has(Mistake::StartsOnALateRenewal) { 0 } else { since };
        let call = self.call(owner(candidate));
        match call.renewed(reply.settled(), seconds(elapsed)) {
            Next::Start => self.starts(world, caller, candidate, since),
            Next::TooLate => self.gives_up(world, caller),
            // It claims again, as another owner.
            Next::Claim => self.next_call(world, caller),
            next => unreachable!("no answer to a renewal: {next:?}"),
        }
    }

    fn is_answered(
        &self,
        world: &mut World,
        caller: usize,
        answer: Answer,
        found: Id,
        judged: Judged,
    ) -> Phase {
        match answer {
            Answer::Replay => {
                self.look_at_replay(world, caller, &found.record());
                Phase::Over(End::Replayed)
            }
            Answer::Exhausted if judged == Judged::Live => {
                world.past.breaks(Rule::ExhaustedIsOver);
                Phase::Over(End::Refused)
            }
            _ => Phase::Over(End::Refused),
        }
    }

    /// Time is up. A claim that may have landed is taken back in the background.
    fn gives_up(&self, world: &mut World, caller: usize) -> Phase {
        match world.callers[caller].phase {
            Phase::Claiming { candidate, .. } | Phase::Renewing { candidate, .. } => {
                if self.has(Mistake::TakesSilenceForANo) {
                    return self.starts(world, caller, candidate, 0);
                }
                let made = Id::of(&__protocol::freed(&candidate.record()));
                world.send(Message { record: candidate, op: Op::Release(made) });
                self.next_call(world, caller)
            }
            Phase::Settling { made, failed: false, .. } => {
                Phase::Over(End::Ran { made, stored: false })
            }
            _ => self.next_call(world, caller),
        }
    }

    /// The call of this caller's process that it may follow.
    fn leader(&self, world: &World, caller: usize) -> Option<u8> {
        if !self.together || caller != 1 {
            return None;
        }
        let record = world.callers[0].believes_in(self)?;
        let leader = owner(record);
        (self.arguments[0] == self.arguments[1]).then_some(leader)
    }

    fn has_landed(&self, world: &World, leader: u8) -> bool {
        let there = world.callers[Self::caller_of(leader)];
        let early =
            self.has(Mistake::FollowersGetItEarly) && matches!(there.phase, Phase::Settling { .. });
        early || there.believes_in(self).is_none_or(|record| owner(record) != leader)
    }

    /// The call that it follows has ended, or its lease may be over.
    fn lands(&self, world: &mut World, caller: usize, leader: u8) -> Phase {
        let there = world.callers[Self::caller_of(leader)];
        let stored = match there.phase {
            Phase::Over(End::Ran { made, stored: true }) => made,
            Phase::Settling { made, failed: false, .. }
                if self.has(Mistake::FollowersGetItEarly) =>
            {
                made
            }
            _ => return Phase::Idle,
        };
        if owner(stored) != leader {
            return Phase::Idle;
        }
        let record = stored.record();
        let call = self.call(self.owner(caller, world.callers[caller].call));
        match call.followed(&record) {
            Answer::Replay => {
                self.look_at_replay(world, caller, &record);
                Phase::Over(End::Replayed)
            }
            _ => Phase::Over(End::Refused),
        }
    }
}

/// What a caller that waits has sent.
fn sent(phase: Phase) -> Message {
    match phase {
        Phase::Claiming { candidate, over, .. } => {
            Message { record: candidate, op: Op::Claim(over) }
        }
        Phase::Renewing { candidate, .. } => Message { record: candidate, op: Op::Renew },
        Phase::Settling { record, made, failed, .. } => {
            let op = if failed { Op::Release(made) } else { Op::Complete(made) };
            Message { record, op }
        }
        phase => unreachable!("nothing is sent in {phase:?}"),
    }
}
