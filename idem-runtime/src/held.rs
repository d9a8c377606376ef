//! A claim under which a body runs: kept alive meanwhile, and settled once.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::task::unconstrained;
use tokio::time::Instant;

use crate::attempt::try_attempt;
use crate::candidate::OwnedClaim;
use crate::flight::{Departure, End, Flight};
use crate::observe;
use crate::settlement::{Ended, Settlement};
use crate::store::{Change, Settled};

/// A claim under which a body runs. Dropped while it runs, the claim is held till its lease lapses;
/// dropped while it is settled, settling goes on in the background.
#[must_use]
pub(crate) struct Held {
    claim: OwnedClaim,
    /// When what won or renewed the claim was sent.
    sent: Instant,
    flight: Arc<Flight>,
    stage: Stage,
    _gauge: observe::InFlight,
}

enum Stage {
    Running,
    Settling(Settlement),
    Over,
}

/// How long a claim stands for certain: counted from before the write that won or renewed it was
/// sent, less what clocks may drift and a step may take.
pub(crate) fn stands_until(sent: Instant, lease: Duration) -> Instant {
    let margin = (lease / 50).max(Duration::from_millis(50)).min(lease / 2);
    sent + lease.saturating_sub(margin)
}

/// The least between two renewals: what tokio's timer tells apart.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);

impl Held {
    /// The body starts now; the claim was won by what was sent at `sent`.
    pub(crate) fn start(claim: OwnedClaim, sent: Instant) -> Self {
        let parent = try_attempt().map(|attempt| Arc::clone(attempt.flight()));
        let flight = Flight::new(Departure {
            name: claim.name.clone(),
            fingerprint: claim.record.header().ok().and_then(|header| header.fingerprint),
            fence: claim.record.fence(),
            number: claim.record.attempts(),
            engine: claim.idem.id(),
            parent,
            until: Some(stands_until(sent, claim.record.lease())),
        });
        claim.idem.flights().depart(&flight);
        claim.idem.begin();
        Self { claim, sent, flight, stage: Stage::Running, _gauge: observe::InFlight::begin() }
    }

    pub(crate) fn flight(&self) -> &Arc<Flight> {
        &self.flight
    }

    /// The largest result that is stored, in bytes.
    pub(crate) fn max_result(&self) -> usize {
        self.claim.idem.max_result()
    }

    /// The attempt, once its body has ended.
    pub(crate) fn ended(&self) -> Ended<'_> {
        Ended { idem: &self.claim.idem, flight: &self.flight, record: &self.claim.record }
    }

    /// Runs the body and renews the lease beside it; `None` when the body was still running at its
    /// `limit`.
    pub(crate) async fn keep<F: Future>(
        &self,
        mut body: Pin<&mut F>,
        limit: Option<Duration>,
    ) -> Option<F::Output> {
        // A body that always finds its work ready, or one beside it in its task, has used up what tokio
        // lets a task do at a time. What limits it and what keeps its lease are not to starve for that.
        let mut renewing = pin!(unconstrained(self.keep_renewed()));
        let mut limited = pin!(unconstrained(async {
            match limit {
                Some(limit) => tokio::time::sleep(limit).await,
                None => std::future::pending().await,
            }
        }));
        poll_fn(|context| {
            if let Poll::Ready(value) = body.as_mut().poll(context) {
                return Poll::Ready(Some(value));
            }
            if limited.as_mut().poll(context).is_ready() {
                return Poll::Ready(None);
            }
            match renewing.as_mut().poll(context) {
                Poll::Ready(never) => match never {},
                Poll::Pending => Poll::Pending,
            }
        })
        .await
    }

    /// Renews every third of the lease; after a renewal that failed, three times as often. The time
    /// in which a claim or a renewal was answered counts: a slow store must not eat the lease.
    async fn keep_renewed(&self) -> std::convert::Infallible {
        let lease = self.claim.record.lease();
        let mut due = self.sent + lease / 3;
        loop {
            // A renewal that is overdue as soon as the last is answered leaves the body its turn.
            tokio::time::sleep_until(due.max(Instant::now() + SHORTEST_PAUSE)).await;
            let sent = Instant::now();
            match Box::pin(self.claim.settle(Change::Renew)).await {
                Ok(Settled::Done) => {
                    self.flight.stands_until(stands_until(sent, lease));
                    due = sent + lease / 3;
                }
                Ok(Settled::Lost) => {
                    self.flight.cancel();
                    lost(&self.claim, &self.flight);
                    return std::future::pending().await;
                }
                Err(error) => {
                    observe::unsettled(&self.claim.name, "renew", &error);
                    due = Instant::now() + lease / 9;
                }
            }
        }
    }

    /// Settles the key. Returns whether that is known to be done; if the store did not answer, it
    /// goes on in the background for as long as the lease can stand.
    pub(crate) async fn settle(&mut self, settlement: Settlement) -> bool {
        self.stage = Stage::Settling(settlement.clone());
        match self.claim.settle(settlement.change()).await {
            Ok(settled) => {
                self.stage = Stage::Over;
                finish(&self.claim, &self.flight, settlement, settled);
                settled == Settled::Done
            }
            // The stage is still `Settling`: dropped, it goes on in the background.
            Err(error) => {
                observe::unsettled(&self.claim.name, observe::op(settlement.change()), &error);
                false
            }
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Running => {
                self.flight.cancel();
                self.claim.idem.flights().land(&self.flight, End::AskStore);
            }
            Stage::Settling(settlement) => {
                // Whoever drove the body may wait for it now as any other.
                self.flight.driven_nowhere();
                let later = Later { claim: self.claim.clone(), flight: Arc::clone(&self.flight) };
                self.claim.idem.spawn(later.settle(settlement));
            }
            Stage::Over => {}
        }
        self.claim.idem.end();
    }
}

/// How a flight ends whose attempt was settled so.
fn end(settlement: Settlement) -> End {
    match settlement {
        Settlement::Complete(record) => End::Stored(record),
        Settlement::Release(_) => End::AskStore,
    }
}

/// Tells the followers, and people where the key was lost.
fn finish(claim: &OwnedClaim, flight: &Arc<Flight>, settlement: Settlement, settled: Settled) {
    match settled {
        Settled::Done => claim.idem.flights().land(flight, end(settlement)),
        Settled::Lost => lost(claim, flight),
    }
}

/// The key is another's: who waits here asks the store, and people are told, once an attempt.
fn lost(claim: &OwnedClaim, flight: &Arc<Flight>) {
    if flight.lose() {
        observe::lease_lost(&claim.name, flight.fence);
    }
    claim.idem.flights().land(flight, End::AskStore);
}

/// An attempt that is settled in the background. Dropped, as by a runtime that ends, it lets its
/// followers go.
struct Later {
    claim: OwnedClaim,
    flight: Arc<Flight>,
}

impl Later {
    async fn settle(self, settlement: Settlement) {
        // As often as a renewal that failed is tried again: a store that comes back late has to be asked
        // while the lease stands.
        let longest = (self.claim.record.lease() / 9).min(Duration::from_secs(5));
        let mut pause = Duration::from_millis(50).min(longest);
        let op = observe::op(settlement.change());
        while let Some(left) = self.flight.left() {
            tokio::time::sleep(pause.min(left)).await;
            match self.claim.settle(settlement.change()).await {
                Ok(settled) => return finish(&self.claim, &self.flight, settlement, settled),
                Err(error) => observe::unsettled(&self.claim.name, op, &error),
            }
            pause = (pause * 2).min(longest);
        }
    }
}

impl Drop for Later {
    fn drop(&mut self) {
        // Where it was settled, that end stands.
        self.claim.idem.flights().land(&self.flight, End::AskStore);
    }
}
