//! The one path of every guarded call, top to bottom:
//! key → admission → claim → decide → run under the lease → settle → answer.
//!
//! What asks nothing of the return type is not generic, so that a thousand annotated functions
//! share it.

use std::borrow::Borrow;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use tokio::task::{JoinError, JoinHandle};
use tokio::time::Instant;

use crate::admission::Admission;
use crate::answer::{Answer, StoredResult, answered, in_flight, refuse};
use crate::asking::{Asking, Heard, Next};
use crate::attempt::{Attempt, try_attempt};
use crate::candidate::Candidate;
use crate::decide::{Asker, Decision, decide};
use crate::engine::Idem;
use crate::error::Error;
use crate::flight::Flight;
use crate::flights::Alone;
use crate::held::Held;
use crate::key::Key;
use crate::observe::{self, Watch};
use crate::outcome::Outcome;
use crate::plan::{OnOutage, Plan};
use crate::record::Record;
use crate::returns::Returns;
use crate::store::{Claim, Claimed, Lease, Name};
use crate::wait::{Met, Waiter};

/// Answers one call; the body runs in the caller's task.
#[expect(clippy::manual_async_fn, reason = "an `async fn` would hold each argument twice")]
pub(crate) fn call<E, R, F>(
    engine: Result<E, Error>,
    plan: Plan,
    key: Key,
    returns: Returns<R>,
    body: F,
) -> impl Future<Output = R>
where
    E: Borrow<Idem>,
    F: Future<Output = R>,
{
    async move {
        let engine = match engine {
            Ok(engine) => engine,
            Err(error) => return refused(&key, returns, error),
        };
        let idem = engine.borrow();
        let watch = Watch::start(key.operation_name(), plan.meters);
        let Admission { plan, name, verdict } = Admission::of(idem, plan, &key);
        let span = observe::span(key.operation(), &name);
        let begun = watch.started();
        let answer = async {
            match ask(idem, &plan, &key, &name, verdict, returns.codec, begun).await {
                Ok(Asked::Run(mut held)) => run(&plan, &key, &mut held, &returns, body).await,
                Ok(Asked::Unguarded) => {
                    run_unguarded(&plan, &key, unguarded(idem, name), &returns, body).await
                }
                Ok(Asked::Replay(stored)) => stored.answer(&key, returns),
                Err(error) => refuse(error, returns),
            }
        };
        watch.until(pin!(answer), span).await
    }
}

/// Answers one call; a body that has started goes on when the caller leaves.
#[expect(clippy::manual_async_fn, reason = "an `async fn` would hold each argument twice")]
pub(crate) fn call_detached<E, R, F>(
    engine: Result<E, Error>,
    plan: Plan,
    key: Key,
    returns: Returns<R>,
    body: F,
) -> impl Future<Output = R>
where
    E: Borrow<Idem>,
    R: Send + 'static,
    F: Future<Output = R> + Send + 'static,
{
    async move {
        let engine = match engine {
            Ok(engine) => engine,
            Err(error) => return refused(&key, returns, error),
        };
        let idem = engine.borrow();
        let watch = Watch::start(key.operation_name(), plan.meters);
        let Admission { plan, name, verdict } = Admission::of(idem, plan, &key);
        let span = observe::span(key.operation(), &name);
        let begun = watch.started();
        let answer = async {
            let asked = ask(idem, &plan, &key, &name, verdict, returns.codec, begun).await;
            let (flight, running) = match asked {
                Ok(Asked::Run(mut held)) => {
                    let flight = Arc::clone(held.flight());
                    let running = async move { run(&plan, &key, &mut held, &returns, body).await };
                    (flight, Idem::detach(running))
                }
                Ok(Asked::Unguarded) => {
                    let alone = unguarded(idem, name);
                    let flight = Arc::clone(alone.flight());
                    let running =
                        async move { run_unguarded(&plan, &key, alone, &returns, body).await };
                    (flight, Idem::detach(running))
                }
                Ok(Asked::Replay(stored)) => return stored.answer(&key, returns),
                Err(error) => return refuse(error, returns),
            };
            match stay(flight, running).await {
                Ok(answer) => answer,
                // Its runtime has ended, in the middle of the body perhaps: the claim is held.
                Err(ended) => refuse(Error::outage(ended), returns),
            }
        };
        watch.until(pin!(answer), span).await
    }
}

/// Answers a call that has no engine to ask.
pub(crate) fn refused<R>(key: &Key, returns: Returns<R>, error: Error) -> R {
    let watch = Watch::start(key.operation_name(), None);
    watch.answered(&tracing::Span::none(), refuse(error, returns))
}

/// Waits for a body that runs in a task of its own, and panics if it has. Dropped, the caller has
/// left, and the attempt is told.
async fn stay<T>(flight: Arc<Flight>, running: JoinHandle<T>) -> Result<T, JoinError> {
    let mut caller = Caller(Some(flight));
    let ended = running.await;
    caller.0 = None;
    match ended {
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        ended => ended,
    }
}

/// `None` once the body has ended.
struct Caller(Option<Arc<Flight>>);

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
    Replay(StoredResult),
    Unguarded,
}

fn replay(
    decision: Decision,
    asker: &Asker,
    record: Record,
    key: &Key,
    waited: bool,
) -> Result<Asked, Error> {
    answered(decision, asker, record, key, waited).map(Asked::Replay)
}

/// How often a claim is tried against rivals that win every time, without a wait between.
const ROUNDS: usize = 32;

/// Asks this process and the store until the call, which has just `begun`, may run, is answered, or
/// is refused.
async fn ask(
    idem: &Idem,
    plan: &Plan,
    key: &Key,
    name: &Name,
    verdict: Result<(), Error>,
    codec: Option<&'static str>,
    begun: Instant,
) -> Result<Asked, Error> {
    verdict?;
    Idem::check_runtime()?;
    if idem.is_disabled() {
        return Ok(Asked::Unguarded);
    }
    let place = idem.place(plan.strategy)?;
    let shelf = idem.shelf_at(place);
    if try_attempt().is_some_and(|around| around.flight().is_within(idem.id(), name)) {
        return Err(in_flight(key, plan.lease_or_default()));
    }
    let mut asking = Asking::new(Asker::new(*plan, key, codec), plan.lease_or_default());
    let mut waiter = Waiter::new(idem, name, plan.wait);
    let (mut rounds, mut fresh) = (0, true);
    while rounds < ROUNDS {
        let asker = asking.asker();
        let met = if asking.is_open() { Met::Nobody } else { waiter.meet(asker.fingerprint).await };
        match met {
            Met::Nobody => {}
            Met::Stored(record) => {
                let decision = decide(&record, Lease::Unjudged, asker);
                return replay(decision, asker, record, key, true);
            }
            Met::Other => return Err(Error::Mismatch { key: key.to_string() }),
            Met::InFlight(left) => return Err(in_flight(key, left)),
        }
        let record = asker.running(idem, *plan, asking.over());
        let mut candidate = Candidate::new(idem, place, name, record);
        let claim = Claim::new(name, candidate.record(), asking.over());
        // A lease counts from before its claim is sent. Where nothing was waited for, that is now.
        let mut sent = if fresh && !waiter.has_waited() { begun } else { Instant::now() };
        let claimed = shelf.claim(claim).await;
        observe::stepped("claim", sent);
        let claimed = match claimed {
            Ok(claimed) => claimed,
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
        if let Claimed::Won { fence } = claimed {
            candidate.won(fence);
        }
        (rounds, fresh) = (rounds + 1, false);
        let next = match asking.heard(claimed, candidate.record(), sent, Instant::now) {
            Heard::Own(record) => {
                candidate.found(record);
                sent = Instant::now();
                let renewed = Box::pin(candidate.renew()).await?;
                asking.renewed(renewed, sent, Instant::now())
            }
            Heard::Next(next) => next,
        };
        match next {
            Next::Start => return Ok(Asked::Run(candidate.start(sent))),
            // Dropped, the candidate is taken back.
            Next::TooLate => return Err(Error::outage("the store is slower than the lease")),
            Next::Claim => candidate.forget(),
            Next::InFlight(running, left) => {
                candidate.forget();
                if !waiter.pause(&running, left).await {
                    return Err(in_flight(key, left));
                }
                rounds = 0;
            }
            Next::Answer(decision, record) => {
                candidate.forget();
                waiter.found(&record);
                return replay(decision, asking.asker(), record, key, waiter.has_waited());
            }
        }
    }
    Err(in_flight(key, plan.lease_or_default()))
}

/// Runs the body under its claim, settles the key, and answers.
async fn run<R, F>(
    plan: &Plan,
    key: &Key,
    held: &mut Held,
    returns: &Returns<R>,
    body: F,
) -> Answer<R>
where
    F: Future<Output = R>,
{
    let flight = Arc::clone(held.flight());
    flight.driven_here();
    observe::attempt(flight.number, flight.fence);
    let ran = {
        let body = returns.prepared(body, held.max_result());
        let body = pin!(Attempt::of(&flight).scope(body));
        held.keep(body, plan.max_runtime).await
    };
    let Some(value) = ran else {
        return refuse(Error::TimedOut { key: key.to_string() }, *returns);
    };
    let stored = match held.ended().settlement(&value, plan, returns) {
        Some(settlement) => held.settle(settlement).await,
        None => false,
    };
    (value, Outcome::Ran { attempt: flight.number, stored }, None)
}

/// The attempt of a body that runs without a claim.
fn unguarded(idem: &Idem, name: Name) -> Alone {
    let parent = try_attempt().map(|around| Arc::clone(around.flight()));
    Alone::depart(idem, Flight::unguarded(idem.id(), name, parent))
}

/// Runs the body without a claim. It still has an attempt to ask for keys, and a limit.
async fn run_unguarded<R>(
    plan: &Plan,
    key: &Key,
    alone: Alone,
    returns: &Returns<R>,
    body: impl Future<Output = R>,
) -> Answer<R> {
    let body = Attempt::of(alone.flight()).scope(body);
    let value = match plan.max_runtime {
        None => body.await,
        Some(limit) => match tokio::time::timeout(limit, body).await {
            Ok(value) => value,
            Err(_) => return refuse(Error::TimedOut { key: key.to_string() }, *returns),
        },
    };
    alone.end();
    (value, Outcome::Unguarded, None)
}
