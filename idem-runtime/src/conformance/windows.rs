//! The window that attempts are counted in: as long as its retention from the first claim on, and
//! for as long as an attempt runs.
//!
//! These promises are of a store that counts, as its [`Store::COUNTS`] says.

use std::time::Duration;

use super::nodes::{Nodes, Slot};
use super::time::{COARSE, Span, pass, timed, watch_lease, watch_retention};
use super::{Claimant, completed, freed};
use crate::store::{Change, Claimed, Lease, Record, Settled, Store};

/// A window that the steps of a test fit into, unless the machine sleeps. Then they are tried again
/// in one twice as long.
async fn in_a_window<S: Store, T>(
    nodes: &Nodes<S>,
    steps: impl AsyncFn(&Slot<S>, Duration) -> Option<T>,
) -> (Slot<S>, Duration, T) {
    let mut window = Duration::from_millis(600);
    loop {
        let slot = nodes.slot();
        let started = std::time::Instant::now();
        if let Some(done) = steps(&slot, window).await {
            return (slot, window, done);
        }
        assert!(started.elapsed() + COARSE >= window, "the window is over before its time");
        window *= 2;
    }
}

/// The record, if it was won.
async fn won<S: Store>(slot: &Slot<S>, record: Record, over: &Record) -> Option<Record> {
    match slot.claim(&record, Some(over)).await {
        Claimed::Won { fence } => Some(super::nodes::won(&record, fence)),
        Claimed::Vanished => None,
        Claimed::Found(found) => panic!("the name is to be had, but there is {found:?}"),
    }
}

/// What counts is gone at the end of its window, which begins with the first claim: no renewal, no
/// attempt that is given back and none that follows moves it. So a count without an end can't be.
pub async fn a_window_ends_in_its_time<S: Store>(nodes: Nodes<S>) {
    Nodes::<S>::must_count();
    let (slot, window, written) = in_a_window(&nodes, async |slot, window| {
        let claimant = || Claimant::new().counted().lease(window / 60).retention(window);
        let (first, written) = timed(slot.win(&claimant().claims(), None)).await;
        pass(window / 20).await;
        if slot.settle(&first, Change::Renew).await == Settled::Lost {
            return None;
        }
        let free = freed(&first);
        if slot.settle(&first, Change::Release(&free)).await == Settled::Lost {
            return None;
        }
        pass(window / 20).await;
        let next = won(slot, claimant().claims_over(&free), &free).await?;
        let free = freed(&next);
        let given_back = slot.settle(&next, Change::Release(&free)).await;
        (given_back == Settled::Done).then_some(written)
    })
    .await;
    watch_retention(&slot, written, window).await;
}

/// A window outlives a running attempt by its lease: what was begun in it is never counted in the
/// next one.
pub async fn a_window_outlives_a_running_attempt<S: Store>(nodes: Nodes<S>) {
    Nodes::<S>::must_count();
    let (slot, window, (renewed, attempt)) = in_a_window(&nodes, async |slot, window| {
        let claimant = Claimant::new().counted().lease(window / 2).retention(window);
        let (running, claimed) = timed(slot.win(&claimant.claims(), None)).await;
        let mut live = claimed;
        loop {
            pass(window / 8).await;
            let (settled, renewed) = timed(slot.settle(&running, Change::Renew)).await;
            if settled == Settled::Lost {
                let slept = live.age_in(renewed).may_be_over(window / 2);
                assert!(slept, "a running attempt is gone with its window");
                return None;
            }
            live = renewed;
            if !claimed.age_in(renewed).may_be_within(window) {
                return Some((renewed, running));
            }
        }
    })
    .await;
    watch_to_the_end(&slot, &attempt, renewed, window / 2).await;
}

/// An attempt that is begun at the end of a window has its lease all the same.
pub async fn a_window_outlives_an_attempt_that_is_begun_late<S: Store>(nodes: Nodes<S>) {
    Nodes::<S>::must_count();
    let (slot, window, (written, attempt)) = in_a_window(&nodes, async |slot, window| {
        let brief = Claimant::new().counted().lease(Duration::from_millis(1)).retention(window);
        let first = slot.win(&brief.claims(), None).await;
        pass(window * 2 / 3).await;
        let late = Claimant::new().counted().lease(window / 2).retention(window);
        let (won, written) = timed(won(slot, late.claims_over(&first), &first)).await;
        won.map(|won| (written, won))
    })
    .await;
    watch_to_the_end(&slot, &attempt, written, window / 2).await;
}

/// Watches an attempt that is the last of its window until it is gone, with its lease.
async fn watch_to_the_end<S: Store>(
    slot: &Slot<S>,
    attempt: &Record,
    written: Span,
    lease: Duration,
) {
    let (found, seen) = timed(slot.get()).await;
    if let Some(found) = found {
        assert_eq!(found.record, *attempt, "nobody has taken over");
        written.age_in(seen).explains(found.lease, lease);
    }
    watch_retention(slot, written, lease).await;
}

/// A result answers for a whole window, from its completion on.
pub async fn completing_begins_the_window_anew<S: Store>(nodes: Nodes<S>) {
    Nodes::<S>::must_count();
    let (slot, window, written) = in_a_window(&nodes, async |slot, window| {
        let claimant = Claimant::new().counted().lease(window / 60).retention(window);
        let running = slot.win(&claimant.claims(), None).await;
        pass(window / 2).await;
        let done = completed(&running, b"the result");
        let (settled, written) = timed(slot.settle(&running, Change::Complete(&done))).await;
        (settled == Settled::Done).then_some(written)
    })
    .await;
    watch_retention(&slot, written, window).await;
}

/// The lease of what counts lapses in its time, whatever is left of the window.
pub async fn a_counted_lease_lapses_in_its_time<S: Store>(nodes: Nodes<S>) {
    Nodes::<S>::must_count();
    let slot = nodes.slot();
    let lease = Duration::from_millis(150);
    let claim = Claimant::new().counted().lease(lease).claims();
    let (running, written) = timed(slot.win(&claim, None)).await;
    watch_lease(&slot, written, lease).await;
    slot.holds(&running, "a lapsed attempt stands until its window is over").await;
    assert_eq!(slot.find(&claim, None).await.lease, Lease::Lapsed);
}
