//! The store under test as two nodes see it, and one name in it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::time::wait;
use crate::store::{Change, Claim, Claimed, Found, Lease, Name, Record, Settled, Store};

/// A store as two nodes see it: one handle for both, or one for each.
pub struct Nodes<S> {
    nodes: [Arc<S>; 2],
}

impl<S> Clone for Nodes<S> {
    fn clone(&self) -> Self {
        Self { nodes: self.nodes.clone() }
    }
}

impl<S> fmt::Debug for Nodes<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nodes").finish_non_exhaustive()
    }
}

/// What a factory may make: a store, or two handles of one store.
///
/// Two handles are what shows that a store keeps its records where another process finds them, and
/// not in the handle.
pub trait IntoNodes {
    /// The store.
    type Store: Store;

    /// Each node's handle.
    fn into_nodes(self) -> Nodes<Self::Store>;
}

impl<S: Store> IntoNodes for S {
    type Store = S;

    fn into_nodes(self) -> Nodes<S> {
        let here = Arc::new(self);
        Nodes { nodes: [Arc::clone(&here), here] }
    }
}

impl<S: Store> IntoNodes for [S; 2] {
    type Store = S;

    fn into_nodes(self) -> Nodes<S> {
        Nodes { nodes: self.map(Arc::new) }
    }
}

impl<S: Store> Nodes<S> {
    /// The nodes of a store, or of two handles of one.
    pub fn new(stores: impl IntoNodes<Store = S>) -> Self {
        stores.into_nodes()
    }

    /// Nothing of counting is promised by a store that does not count.
    pub(super) fn must_count() {
        assert!(S::COUNTS, "a store that counts says so: its `Store::COUNTS` is not true");
    }

    /// Each node's handle.
    pub(super) fn each(&self) -> &[Arc<S>; 2] {
        &self.nodes
    }

    /// A name that no other test has.
    pub(super) fn slot(&self) -> Slot<S> {
        self.slots([""]).remove(0)
    }

    /// Names that no other test has, equal to one another but for their ends.
    pub(super) fn slots<'a>(&self, ends: impl IntoIterator<Item = &'a str>) -> Vec<Slot<S>> {
        let begin = format!("idem:conformance:{:032x}", rand::random::<u128>());
        let slot = |end| Slot {
            nodes: self.clone(),
            name: Name::new(&format!("{begin}{end}")),
            turn: AtomicUsize::new(0),
        };
        ends.into_iter().map(slot).collect()
    }
}

/// One name, asked through both nodes in turn: what one node writes the other must see.
pub(super) struct Slot<S> {
    nodes: Nodes<S>,
    name: Name,
    turn: AtomicUsize,
}

impl<S: Store> Slot<S> {
    pub(super) fn name(&self) -> &Name {
        &self.name
    }

    pub(super) fn node(&self) -> &S {
        &self.nodes.nodes[self.turn.fetch_add(1, Ordering::Relaxed) % 2]
    }

    /// Claims the name.
    pub(super) async fn claim(&self, record: &Record, over: Option<&Record>) -> Claimed {
        let claim = Claim::new(&self.name, record, over);
        self.node().claim(claim).await.expect("the store answers a claim")
    }

    /// Claims the name and must win it; returns the record as it stands.
    pub(super) async fn win(&self, record: &Record, over: Option<&Record>) -> Record {
        match self.claim(record, over).await {
            Claimed::Won { fence } => won(record, fence),
            other => panic!("the claim is won, but the store answered {other:?}"),
        }
    }

    /// Claims the name and must not win it; returns what stands there.
    pub(super) async fn find(&self, record: &Record, over: Option<&Record>) -> Found {
        match self.claim(record, over).await {
            Claimed::Found(found) => found,
            Claimed::Won { fence } => {
                panic!("the name is not to be had, but the store gave it away (fence {fence})")
            }
            Claimed::Vanished => panic!("something stands there, but the store has not found it"),
        }
    }

    /// Settles what the attempt of `running` has claimed.
    pub(super) async fn settle(&self, running: &Record, change: Change<'_>) -> Settled {
        let settled = self.node().settle(&self.name, running, change).await;
        settled.expect("the store answers a settlement")
    }

    /// Settles it and must be told that it is done.
    pub(super) async fn done(&self, running: &Record, change: Change<'_>) {
        let settled = self.settle(running, change).await;
        assert_eq!(settled, Settled::Done, "it is the attempt's own record: {change:?}");
    }

    /// Settles it and must be told that it is not the attempt's any more.
    pub(super) async fn lost(&self, running: &Record, change: Change<'_>, why: &str) {
        let settled = self.settle(running, change).await;
        assert_eq!(settled, Settled::Lost, "{why}: {change:?}");
    }

    /// What stands there.
    pub(super) async fn get(&self) -> Option<Found> {
        self.node().get(&self.name).await.expect("the store answers a get")
    }

    /// What stands there is this record, on either node.
    pub(super) async fn holds(&self, record: &Record, why: &str) {
        for _ in 0..2 {
            let found = self.get().await.map(|found| found.record);
            let Some(found) = found else { panic!("{why}, but nothing stands there") };
            assert!(found.as_bytes() == record.as_bytes(), "{why}: {record:?}, not {found:?}");
        }
    }

    /// Nothing stands there, on either node.
    pub(super) async fn is_absent(&self, why: &str) {
        for _ in 0..2 {
            let found = self.get().await;
            assert!(found.is_none(), "{why}, but there is {found:?}");
        }
    }

    /// Waits until the lease of what stands there has lapsed.
    pub(super) async fn until_lapsed(&self) {
        let lapsed = async || {
            let found = self.get().await.expect("a lapsed record stands for its retention");
            found.lease == Lease::Lapsed
        };
        wait("a lease to lapse", lapsed).await;
    }

    /// A record whose lease has lapsed stands there: this one, of a new claimant.
    pub(super) async fn lapsed(&self) -> Record {
        let claimant = super::Claimant::new().lease(Duration::from_millis(1));
        let record = self.win(&claimant.claims(), None).await;
        self.until_lapsed().await;
        record
    }
}

/// The record of a claim that was won, as it stands. A store that makes fences itself has put its
/// own into it, and makes none that is smaller.
pub(super) fn won(record: &Record, fence: u64) -> Record {
    assert!(fence >= record.fence(), "fences grow: {fence} was won by a claim of {record:?}");
    if fence == record.fence() { record.clone() } else { record.with_fence(fence) }
}
