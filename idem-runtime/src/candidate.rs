//! A claim that this process has made: the steps that are taken on it, and what becomes of one under
//! which no body has started.

use tokio::time::Instant;

use crate::engine::{Idem, Place};
use crate::held::Held;
use crate::observe;
use crate::record::{Record, State};
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

/// A claim by itself: the record, its name, and the store that it is in. The store is found by way of
/// the engine, and not held: callers on several processors pay for each shared count of references.
#[derive(Clone)]
pub(crate) struct OwnedClaim {
    pub(crate) idem: Idem,
    place: Place,
    pub(crate) name: Name,
    pub(crate) record: Record,
}

impl<'a> Candidate<'a> {
    pub(crate) fn new(idem: &'a Idem, place: Place, name: &'a Name, record: Record) -> Self {
        Self { idem, place, name, record: Some(record) }
    }

    pub(crate) fn record(&self) -> &Record {
        self.record.as_ref().unwrap_or_else(|| unreachable!("a candidate is spent once"))
    }

    fn take(&mut self) -> Option<OwnedClaim> {
        Some(OwnedClaim {
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

/// Takes one step on a record that this process has written, and notes how long that took.
async fn settle(
    shelf: &Shelf,
    name: &Name,
    running: &Record,
    change: Change<'_>,
) -> Result<Settled, StoreError> {
    let sent = Instant::now();
    let settled = shelf.settle(name, running, change).await;
    observe::stepped(observe::op(change), sent);
    settled
}

impl OwnedClaim {
    fn shelf(&self) -> &Shelf {
        self.idem.shelf_at(self.place)
    }

    pub(crate) async fn settle(&self, change: Change<'_>) -> Result<Settled, StoreError> {
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

    /// The same for a store that makes fences itself: it gave the claim a fence that this process was not
    /// told.
    async fn free_as_found(&mut self) -> Result<(), StoreError> {
        if let Some(found) = self.shelf().get(&self.name).await?
            && found.record.state() == Some(State::Running)
            && found.record.owner() == self.record.owner()
        {
            self.record = found.record;
            return self.free().await.map(drop);
        }
        Ok(())
    }
}
