//! A claim that this process holds: kept alive while the body runs, and settled once.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::task::unconstrained;
use tokio::time::Instant;

use crate::attempt::try_attempt;
use crate::engine::{Idem, Place, Running};
use crate::flight::{Departure, End, Flight};
use crate::observe;
use crate::record::{Record, State};
use crate::settlement::{Ended, Settlement};
use crate::store::{Change, Name, Settled, Shelf, StoreError};

/// A claim that was sent, and perhaps won, for a body that has not started. Dropped, it is taken
/// back: nothing has happened under it.
#[must_use]
pub(crate) struct Candidate<'a> {
    idem: &'a Idem,
    place: Place,
    name: &'a Name,
    /// `None` once there is nothing to take back.
    record: Option<Record>,
}

/// What is claimed, in whose name. Of what all calls share it holds the engine and nothing else:
/// callers on several processors pay for each count of a shared thing.
#[derive(Clone)]
struct Claim {
    idem: Idem,
    place: Place,
    name: Name,
    record: Record,
}

impl<'a> Candidate<'a> {
    pub(crate) fn new(idem: &'a Idem, place: Place, name: &'a Name, record: Record) -> Self {
        Self { idem, place, name, record: Some(record) }
    }

    pub(crate) fn record(&self) -> &Record {
        self.record.as_ref().unwrap_or_else(|| unreachable!("a candidate is spent once"))
    }

    fn take(&mut self) -> Option<Claim> {
        Some(Claim {
            record: self.record.take()?,
            idem: self.idem.clone(),
            place: self.place,
            name: self.name.clone(),
        })
    }

    pub(crate) async fn renew(&self) -> Result<Settled, StoreError> {
        settle(self.idem.shelf_at(self.place), self.name, self.record(), Change::Renew).await
    }

    /// The store has given the claim this fence.
    pub(crate) fn won(&mut self, fence: u64) {
        if self.record().fence() != fence {
            self.record = Some(self.record().with_fence(fence));
        }
    }

    /// The claim stands as this record: an earlier send has won it.
    pub(crate) fn found(&mut self, record: Record) {
        self.record = Some(record);
    }

    /// The claim was not won: there is nothing to take back.
    pub(crate) fn forget(mut self) {
        self.record = None;
    }

    /// The body starts now; the claim was won by what was sent at `sent`.
    pub(crate) fn start(mut self, sent: Instant) -> Held {
        let claim = self.take().unwrap_or_else(|| unreachable!("a candidate is spent once"));
        Held::start(claim, sent)
    }
}

impl Drop for Candidate<'_> {
    fn drop(&mut self) {
        if let Some(claim) = self.take() {
            claim.idem.clone().spawn(claim.take_back());
        }
    }
}

/// Takes one step on a record that this process has written, and times it.
async fn settle(
    shelf: &Shelf,
    name: &Name,
    running: &Record,
    change: Change<'_>,
) -> Result<Settled, StoreError> {
    let sent = Instant::now();
    let settled = shelf.settle(name, running, change).await;
    observe::stepped(op(change), sent);
    settled
}

/// The word for a change in metrics and events.
pub(crate) fn op(change: Change<'_>) -> &'static str {
    match change {
        Change::Renew => "renew",
        Change::Complete(_) => "complete",
        Change::Release(_) => "release",
        Change::Purge => "purge",
    }
}

impl Claim {
    fn shelf(&self) -> &Shelf {
        self.idem.shelf_at(self.place)
    }

    async fn settle(&self, change: Change<'_>) -> Result<Settled, StoreError> {
        settle(self.shelf(), &self.name, &self.record, change).await
    }

    /// Gives a key back under which nothing has happened.
    async fn take_back(mut self) {
        let freed = match self.free().await {
            Ok(Settled::Lost) => self.free_as_found().await,
            freed => freed.map(drop),
        };
        if let Err(error) = freed {
            observe::unsettled(&self.name, "release", &error);
        }
    }

    async fn free(&self) -> Result<Settled, StoreError> {
        self.settle(Change::Release(&self.record.freed())).await
    }

    /// The same for a store that makes fences itself: it gave the claim one that nobody was told.
    async fn free_as_found(&mut self) -> Result<(), StoreError> {
        if let Some(found) = self.shelf().get(&self.name).await?
            && found.record.state() == Some(State::Running)
            && found.record.owner() == self.record.owner()
        {
            self.record = found.record;
            self.free().await?;
        }
        Ok(())
    }
}

/// A body in flight without a claim, counted once for as long as this lives: `shutdown` waits for it.
pub(crate) struct Counted {
    _running: Running,
    _gauge: observe::InFlight,
}

impl Counted {
    pub(crate) fn new(idem: &Idem) -> Self {
        Self { _running: idem.enter(), _gauge: observe::InFlight::begin() }
    }
}

/// A claim under which a body runs. Dropped while it runs, the claim is held till its lease lapses;
/// dropped while it is settled, settling goes on in the background.
#[must_use]
pub(crate) struct Held {
    claim: Claim,
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
    fn start(claim: Claim, sent: Instant) -> Self {
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
            // Dropped in its stage, which is what goes on in the background.
            Err(error) => {
                observe::unsettled(&self.claim.name, op(settlement.change()), &error);
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
                // Whoever polled the body may wait for it now as any other.
                self.flight.polled_nowhere();
                let later = Later { claim: self.claim.clone(), flight: Arc::clone(&self.flight) };
                self.claim.idem.spawn(later.settle(settlement));
            }
            Stage::Over => {}
        }
        self.claim.idem.end();
    }
}

/// How the flight of an attempt ended that was settled so.
fn end(settlement: Settlement) -> End {
    match settlement {
        Settlement::Complete(record) => End::Stored(record),
        Settlement::Release(_) => End::AskStore,
    }
}

/// Tells the followers, and people where the key was lost.
fn finish(claim: &Claim, flight: &Arc<Flight>, settlement: Settlement, settled: Settled) {
    match settled {
        Settled::Done => claim.idem.flights().land(flight, end(settlement)),
        Settled::Lost => lost(claim, flight),
    }
}

/// The key is another's: who waits here asks the store, and people are told, once an attempt.
fn lost(claim: &Claim, flight: &Arc<Flight>) {
    if flight.lose() {
        observe::lease_lost(&claim.name, flight.fence);
    }
    claim.idem.flights().land(flight, End::AskStore);
}

/// What is settled in the background. Dropped, also by a runtime that ends, it lets followers go.
struct Later {
    claim: Claim,
    flight: Arc<Flight>,
}

impl Later {
    async fn settle(self, settlement: Settlement) {
        let mut pause = Duration::from_millis(50);
        // As often as a renewal that failed is tried again: a store that comes back late has to be asked
        // while the lease stands.
        let longest = (self.claim.record.lease() / 9).min(Duration::from_secs(5));
        while let Some(left) = self.flight.left() {
            tokio::time::sleep(pause.min(left)).await;
            match self.claim.settle(settlement.change()).await {
                Ok(settled) => return finish(&self.claim, &self.flight, settlement, settled),
                Err(error) => observe::unsettled(&self.claim.name, op(settlement.change()), &error),
            }
            pause = (pause * 2).min(longest);
        }
    }
}

impl Drop for Later {
    fn drop(&mut self) {
        // The first end stands.
        self.claim.idem.flights().land(&self.flight, End::AskStore);
    }
}
