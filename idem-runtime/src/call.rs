//! The one path of every guarded call, top to bottom:
//! key → claim → decide → run under the lease → settle → answer.
//!
//! What asks nothing of the return type is not generic, so that a thousand annotated functions
//! share it.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;
use tracing::Instrument as _;

use crate::attempt::{Attempt, try_attempt};
use crate::decide::{Asker, Decision, decide, not_compared};
use crate::engine::Idem;
use crate::error::Error;
use crate::flight::Flight;
use crate::held::{Candidate, Counted, Held, Settlement, stands_until};
use crate::key::Key;
use crate::observe::{self, Watch};
use crate::outcome::Outcome;
use crate::plan::{OnDuplicate, OnErr, OnOutage, Plan};
use crate::record::{Content, Owner, Record, Start, State, codec_name};
use crate::returns::Returns;
use crate::store::{Claim, Claimed, Found, Lease, Name, Settled};
use crate::wait::{Met, Waiter};

/// A value, how it came about, and the code of the error that it carries.
type Answer<R> = (R, Outcome, Option<&'static str>);

/// Answers one call; the body runs in the caller's task.
pub(crate) async fn call<R, F>(idem: &Idem, plan: Plan, key: Key, returns: Returns<R>, body: F) -> R
where
    F: Future<Output = R>,
{
    let watch = Watch::start(key.operation_name(), plan.meters);
    let name = idem.name(&key);
    let span = observe::span(key.operation(), &name);
    let answer = async {
        match ask(idem, plan, &key, &name, returns.codec).await {
            Ok(Asked::Run(held)) => run(&plan, &key, held, &returns, body).await,
            Ok(Asked::Unguarded) => {
                Unguarded::new(idem, name).run(&plan, &key, &returns, body).await
            }
            Ok(Asked::Replay(replay)) => replay.answer(&key, returns),
            Err(error) => refuse(error, returns),
        }
    };
    // Pinned before it is wrapped: a wrapper would move all of it.
    let answer = pin!(answer);
    let mut answering = answer.instrument(span);
    let answer = (&mut answering).await;
    watch.answered(answering.span(), answer)
}

/// Answers one call; a body that has started goes on when the caller leaves.
pub(crate) async fn call_detached<R, F>(
    idem: &Idem,
    plan: Plan,
    key: Key,
    returns: Returns<R>,
    body: F,
) -> R
where
    R: Send + 'static,
    F: Future<Output = R> + Send + 'static,
{
    let watch = Watch::start(key.operation_name(), plan.meters);
    let name = idem.name(&key);
    let span = observe::span(key.operation(), &name);
    let answer = async {
        let asked = ask(idem, plan, &key, &name, returns.codec).await;
        let (flight, running) = match asked {
            Ok(Asked::Run(held)) => {
                let flight = Some(Arc::clone(held.flight()));
                let running = async move { run(&plan, &key, held, &returns, body).await };
                (flight, Idem::detach(running))
            }
            Ok(Asked::Unguarded) => {
                let unguarded = Unguarded::new(idem, name);
                let flight = Some(Arc::clone(&unguarded.flight));
                let running = async move { unguarded.run(&plan, &key, &returns, body).await };
                (flight, Idem::detach(running))
            }
            Ok(Asked::Replay(replay)) => return replay.answer(&key, returns),
            Err(error) => return refuse(error, returns),
        };
        let caller = Caller(flight);
        let ended = running.await;
        caller.stayed();
        match ended {
            Ok(answer) => answer,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(error) => refuse(Error::outage(error), returns),
        }
    };
    // Pinned before it is wrapped: a wrapper would move all of it.
    let answer = pin!(answer);
    let mut answering = answer.instrument(span);
    let answer = (&mut answering).await;
    watch.answered(answering.span(), answer)
}

/// Answers a call that has no engine to ask.
pub(crate) fn refused<R>(key: &Key, returns: Returns<R>, error: Error) -> R {
    let watch = Watch::start(key.operation_name(), None);
    watch.answered(&tracing::Span::none(), refuse(error, returns))
}

/// A caller that may leave while its body runs elsewhere: the attempt is told.
struct Caller(Option<Arc<Flight>>);

impl Caller {
    fn stayed(mut self) {
        self.0 = None;
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        if let Some(flight) = &self.0 {
            flight.cancel();
        }
    }
}

/// What asking for the right to run came to.
enum Asked {
    Run(Held),
    Replay(Replay),
    Unguarded,
}

/// How often a claim is tried against rivals that win every time, without a wait between.
const ROUNDS: usize = 32;

/// Asks this process and the store until the call may run, is answered, or is refused.
async fn ask(
    idem: &Idem,
    plan: Plan,
    key: &Key,
    name: &Name,
    codec: &'static str,
) -> Result<Asked, Error> {
    key.check()?;
    if let Some(fault) = plan.fault() {
        return Err(Error::config(fault));
    }
    Idem::check_runtime()?;
    if idem.is_disabled() {
        return Ok(Asked::Unguarded);
    }
    let place = idem.place(plan.strategy)?;
    let shelf = idem.shelf_at(place);
    if try_attempt().is_some_and(|around| around.flight().is_within(idem.id(), name)) {
        return Err(in_flight(key, plan.lease_or_default()));
    }
    let mut asker = Asker {
        owner: Owner::new(),
        fingerprint: key.print(),
        rejects: plan.on_duplicate == OnDuplicate::Reject,
        codec: codec_name(codec),
    };
    let mut waiter = Waiter::new(idem, name, plan.wait);
    let mut over: Option<Record> = None;
    let (mut rounds, mut fresh) = (0, true);
    // Whether the key was found free, or its lease lapsed: then it is claimed, not waited for.
    let mut open = false;
    while rounds < ROUNDS {
        let met = if open { Met::Nobody } else { waiter.meet(asker.fingerprint).await };
        match met {
            Met::Nobody => {}
            Met::Stored(record) => return answered(&asker, Found::settled(record), key, true),
            Met::Other => return Err(Error::Mismatch { key: key.to_string() }),
            Met::InFlight(left) => return Err(in_flight(key, left)),
        }
        let record = Record::running(&start(idem, plan, &asker), over.as_ref());
        let mut candidate = Candidate::new(idem, place, name, record);
        let claim = Claim::new(name, candidate.record(), over.as_ref());
        let mut sent = Instant::now();
        let claimed = shelf.claim(claim).await;
        let answered_at = observe::stepped("claim", sent);
        let found = match claimed {
            Ok(Claimed::Won { fence }) => {
                candidate.won(fence);
                if answered_at < stands_until(sent, plan.lease_or_default()) {
                    return Ok(Asked::Run(candidate.start(sent)));
                }
                // The answer took so long that the lease may be over: as if found.
                Found::settled(candidate.record().clone())
            }
            Ok(Claimed::Found(found)) => found,
            Err(error) if !error.may_have_reached() => {
                candidate.forget();
                let run = plan.on_outage == OnOutage::Run && fresh;
                if !run {
                    return Err(error.into());
                }
                observe::unguarded(name, &error);
                return Ok(Asked::Unguarded);
            }
            Err(error) => return Err(error.into()),
        };
        fresh = false;
        rounds += 1;
        let decision = decide(&found.record, found.lease, &asker);
        if decision == Decision::Renew {
            candidate.found(found.record);
            sent = Instant::now();
            match Box::pin(candidate.renew()).await? {
                Settled::Done if Instant::now() < stands_until(sent, plan.lease_or_default()) => {
                    return Ok(Asked::Run(candidate.start(sent)));
                }
                Settled::Done => return Err(Error::outage("the store is slower than the lease")),
                Settled::Lost => {
                    candidate.forget();
                    asker.owner = Owner::new();
                    over = None;
                    continue;
                }
            }
        }
        candidate.forget();
        open = decision == Decision::TakeOver
            && (found.record.state() == Some(State::Free) || found.lease == Lease::Lapsed);
        match decision {
            Decision::TakeOver => {}
            Decision::InFlight => {
                let left = found.lease.left().unwrap_or_else(|| found.record.lease());
                if !waiter.pause(&found.record, left).await {
                    return Err(in_flight(key, left));
                }
                rounds = 0;
            }
            _ => {
                waiter.found(&found.record);
                return answered(&asker, found, key, waiter.has_waited());
            }
        }
        over = Some(found.record);
    }
    Err(in_flight(key, plan.lease_or_default()))
}

fn start<'a>(idem: &'a Idem, plan: Plan, asker: &Asker) -> Start<'a> {
    Start {
        owner: asker.owner,
        lease: plan.lease_or_default(),
        retention: plan.ttl,
        fingerprint: asker.fingerprint,
        holder: idem.holder(),
        started: now(),
    }
}

/// Milliseconds since 1970 by this machine's clock, for people to read.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn in_flight(key: &Key, left: Duration) -> Error {
    // Rounded up to what a timer can wait: asking at the very end of the lease is asking too early.
    let retry_after = left.max(Duration::from_millis(1));
    Error::InFlight { key: key.to_string(), retry_after }
}

/// What a duplicate is told by a record that is settled, or can't be read.
fn answered(asker: &Asker, found: Found, key: &Key, waited: bool) -> Result<Asked, Error> {
    let unreadable = |reason: String| Error::Unreadable { key: key.to_string(), reason };
    let failure = match decide(&found.record, found.lease, asker) {
        Decision::ReplaySuccess => false,
        Decision::ReplayFailure => true,
        Decision::Mismatch => return Err(Error::Mismatch { key: key.to_string() }),
        Decision::Duplicate => return Err(Error::Duplicate { key: key.to_string() }),
        Decision::NotStored => return Err(Error::ResultNotStored { key: key.to_string() }),
        Decision::OtherCodec => return Err(unreadable("another codec wrote its result".into())),
        Decision::Unreadable(flaw) => return Err(unreadable(flaw.to_string())),
        // Not of a settled record; and if it were, asking again is right.
        Decision::Renew | Decision::TakeOver | Decision::InFlight => {
            return Err(in_flight(key, found.record.lease()));
        }
    };
    Ok(Asked::Replay(Replay { record: found.record, failure, waited, compare: asker.fingerprint }))
}

/// A stored result that is the answer.
struct Replay {
    record: Record,
    failure: bool,
    waited: bool,
    compare: Option<crate::key::Fingerprint>,
}

impl Replay {
    fn answer<R>(self, key: &Key, returns: Returns<R>) -> Answer<R> {
        let header = match self.record.header() {
            Ok(header) => header,
            Err(flaw) => return unreadable(key, returns, &flaw.to_string()),
        };
        if not_compared(header.fingerprint, self.compare) {
            observe::not_compared(key.operation());
        }
        let form = if self.failure { &returns.failure } else { &returns.success };
        let Some(form) = form else {
            return unreadable(
                key,
                returns,
                "its failure is stored, and this function stores none",
            );
        };
        match (form.decode)(self.record.body()) {
            Ok(value) if self.waited => (value, Outcome::Waited, None),
            Ok(value) => {
                let age = Duration::from_millis(now().saturating_sub(header.started));
                (value, Outcome::Replayed { age }, None)
            }
            Err(error) => {
                let reason = format!("its result does not decode: {error}");
                unreadable(key, returns, &reason)
            }
        }
    }
}

fn unreadable<R>(key: &Key, returns: Returns<R>, reason: &str) -> Answer<R> {
    refuse(Error::Unreadable { key: key.to_string(), reason: reason.to_owned() }, returns)
}

fn refuse<R>(error: Error, returns: Returns<R>) -> Answer<R> {
    let code = error.code();
    ((returns.refuse)(error), Outcome::Refused, Some(code))
}

/// A body that runs without a claim. It still has an attempt to ask for keys, and a limit.
struct Unguarded {
    flight: Arc<Flight>,
    caller: Caller,
    counted: Counted,
}

impl Unguarded {
    fn new(idem: &Idem, name: Name) -> Self {
        let parent = try_attempt().map(|around| Arc::clone(around.flight()));
        let flight = Flight::unguarded(idem.id(), name, parent);
        let caller = Caller(Some(Arc::clone(&flight)));
        Self { flight, caller, counted: Counted::new(idem) }
    }

    async fn run<R>(
        self,
        plan: &Plan,
        key: &Key,
        returns: &Returns<R>,
        body: impl Future<Output = R>,
    ) -> Answer<R> {
        let body = Attempt::of(&self.flight).scope(body);
        let value = match plan.max_runtime {
            None => body.await,
            Some(limit) => match tokio::time::timeout(limit, body).await {
                Ok(value) => value,
                Err(_) => return refuse(Error::TimedOut { key: key.to_string() }, *returns),
            },
        };
        self.caller.stayed();
        drop(self.counted);
        (value, Outcome::Unguarded, None)
    }
}

/// Runs the body under its claim, settles the key, and answers.
async fn run<R, F>(plan: &Plan, key: &Key, held: Held, returns: &Returns<R>, body: F) -> Answer<R>
where
    F: Future<Output = R>,
{
    let flight = Arc::clone(held.flight());
    flight.polled_here();
    observe::attempt(flight.number, flight.fence);
    let ran = {
        let body = returns.prepared(body, held.max_result());
        let body = pin!(Attempt::of(&flight).scope(body));
        held.keep(body, plan.max_runtime).await
    };
    let Some(value) = ran else {
        return refuse(Error::TimedOut { key: key.to_string() }, *returns);
    };
    let stored = match settlement(&value, plan, &held, returns) {
        Some(settlement) => held.settle(settlement).await,
        None => false,
    };
    (value, Outcome::Ran { attempt: flight.number, stored }, None)
}

/// What becomes of the key after the body; `None` holds the claim.
fn settlement<R>(value: &R, plan: &Plan, held: &Held, returns: &Returns<R>) -> Option<Settlement> {
    let running = held.record();
    let release = || Some(Settlement::Release(running.freed()));
    match returns.verdict(value, plan.on_err) {
        None if held.flight().is_not_stored() => release(),
        None => {
            let replays = plan.on_duplicate == OnDuplicate::Replay;
            let Some(form) = returns.success.as_ref().filter(|_| replays) else {
                return Some(held.complete_without(Content::Nothing));
            };
            let written =
                held.complete(Content::Success, returns.codec, |out| (form.encode)(value, out));
            Some(written.unwrap_or_else(|error| {
                observe::not_stored(held.name(), &error);
                held.complete_without(Content::NotStored)
            }))
        }
        Some(OnErr::Release) => release(),
        Some(OnErr::Hold) => None,
        Some(OnErr::Store) => {
            let Some(form) = &returns.failure else {
                observe::held(held.name(), &"its type is not stored");
                return None;
            };
            let written =
                held.complete(Content::Failure, returns.codec, |out| (form.encode)(value, out));
            written.inspect_err(|error| observe::held(held.name(), error)).ok()
        }
    }
}
