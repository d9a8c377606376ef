//! Attempts that are counted: each once, one at a time, and given back by none but their owner.
//!
//! These promises are of a store that counts, as its [`Store::COUNTS`] says. One that does not keeps
//! none of them, and strategy `count` is refused on it.

use std::sync::Arc;
use std::time::Duration;

use super::claimant::change_to;
use super::nodes::{Nodes, Slot};
use super::settling::settles_nothing;
use super::time::{pass, timed, watch_lease};
use super::{Claimant, completed, freed};
use crate::engine::Idem;
use crate::error::Error;
use crate::plan::Plan;
use crate::store::{Change, Claimed, Lease, Record, Store};

/// A store that does not count says so, and strategy `count` is refused on it, before a body runs
/// or anything is sent. Of a store that counts, everything else here is promised.
pub async fn a_store_that_does_not_count_is_refused<S: Store>(nodes: Nodes<S>) {
    assert!(!S::COUNTS, "this store counts, as its `Store::COUNTS` says");
    for node in nodes.each() {
        let built = Idem::builder().store(Arc::clone(node)).build().await;
        let idem = built.expect("an engine on a store of one's own");
        let one = rand::random::<u128>();
        let key = crate::key!("conformance:{one}");
        let mut ran = false;
        let body = async {
            ran = true;
            Ok::<(), Error>(())
        };
        let answer = idem.call(&Plan::count(), key.clone(), body).await;
        assert!(matches!(answer, Err(Error::Config { .. })), "`count` is refused: {answer:?}");
        assert!(!ran, "nothing runs uncounted");
        let found = idem.get(&key).await.expect("the store answers a get");
        assert!(found.is_none(), "nothing is written, but there is {found:?}");
    }
}

fn counted() -> Claimant {
    Claimant::new().counted()
}

/// A counted attempt whose lease has lapsed stands there.
async fn lapsed<S: Store>(slot: &Slot<S>) -> Record {
    let brief = counted().lease(Duration::from_millis(1));
    let record = slot.win(&brief.claims(), None).await;
    slot.until_lapsed().await;
    record
}

/// A counted attempt that was given back stands there.
async fn given_back<S: Store>(slot: &Slot<S>, claimant: &Claimant) -> Record {
    let running = slot.win(&claimant.claims(), None).await;
    let free = freed(&running);
    slot.done(&running, Change::Release(&free)).await;
    free
}

/// A claim that was sent again, because it got no answer, is counted once: its sender finds it.
pub async fn a_claim_sent_again_is_counted_once<S: Store>(nodes: Nodes<S>) {
    Nodes::<S>::must_count();
    let slot = nodes.slot();
    let claim = counted().claims();
    let first = slot.win(&claim, None).await;
    let found = slot.find(&claim, None).await;
    assert_eq!(found.record.spent(), Some(1), "a claim sent again is the same attempt");
    slot.holds(&first, "a claim sent again is the same attempt").await;

    let slot = nodes.slot();
    let judged = lapsed(&slot).await;
    let claim = counted().claims_over(&judged);
    let second = slot.win(&claim, Some(&judged)).await;
    let found = slot.find(&claim, Some(&judged)).await;
    assert_eq!(found.record.spent(), Some(2), "a claim sent again is the same attempt");
    slot.holds(&second, "a claim sent again is the same attempt").await;
}

/// One attempt at a time: a live one is never taken over, however many the limit leaves, and who
/// claims is told what is left of its lease.
pub async fn a_live_attempt_is_the_only_one<S: Store>(nodes: Nodes<S>) {
    Nodes::<S>::must_count();
    let slot = nodes.slot();
    let (live, written) = timed(slot.win(&counted().claims(), None)).await;
    for over in [None, Some(&live)] {
        let rival = over.map_or_else(|| counted().claims(), |over| counted().claims_over(over));
        let (found, seen) = timed(slot.find(&rival, over)).await;
        assert_eq!(found.record, live, "the live attempt is found");
        written.age_in(seen).explains(found.lease, live.lease());
    }
    slot.holds(&live, "one attempt at a time").await;
}

/// A lapsed attempt is spent: the next one is counted beside it. Who claims without having judged
/// is told in the same answer that it has lapsed.
pub async fn a_lapsed_attempt_is_spent<S: Store>(nodes: Nodes<S>) {
    Nodes::<S>::must_count();
    let slot = nodes.slot();
    let judged = lapsed(&slot).await;
    let found = slot.find(&counted().claims(), None).await;
    assert_eq!((found.record, found.lease), (judged.clone(), Lease::Lapsed));
    let next = slot.win(&counted().claims_over(&judged), Some(&judged)).await;
    assert_eq!((next.spent(), next.attempts()), (Some(2), 2), "both are counted");
    assert!(next.fence() > judged.fence(), "fences grow with each attempt");
    slot.holds(&next, "it has taken over").await;
    let lease = slot.get().await.map(|found| found.lease);
    assert!(matches!(lease, Some(Lease::Live(_))), "its lease starts anew, not {lease:?}");
}

/// An attempt is given back once, however often that is sent, and by its own owner and fence alone.
pub async fn an_attempt_is_given_back_once<S: Store>(nodes: Nodes<S>) {
    Nodes::<S>::must_count();
    let slot = nodes.slot();
    let judged = lapsed(&slot).await;
    let running = slot.win(&counted().claims_over(&judged), Some(&judged)).await;
    let other = counted().claims().with_fence(running.fence());
    for stranger in [&judged, &other, &running.with_fence(running.fence() + 1)] {
        settles_nothing(&slot, stranger, "it is another attempt's").await;
    }
    slot.holds(&running, "it is its owner's to give back").await;
    let free = freed(&running);
    for _ in 0..3 {
        slot.done(&running, Change::Release(&free)).await;
        slot.holds(&free, "it was given back once").await;
    }
    assert_eq!(free.spent(), Some(1), "the attempt before it is spent");
    for stranger in [&judged, &other] {
        settles_nothing(&slot, stranger, "it was given back by its owner").await;
    }
    slot.holds(&free, "it was given back once").await;
}

/// A late copy of a claim whose attempt was given back is not counted: that attempt is over.
pub async fn a_late_claim_of_an_attempt_that_is_over_is_not_counted<S: Store>(nodes: Nodes<S>) {
    Nodes::<S>::must_count();
    let slot = nodes.slot();
    let first = counted();
    let free = given_back(&slot, &first).await;
    let found = slot.find(&first.claims(), None).await;
    assert_eq!(found.record, free, "the attempt was given back");

    let second = counted().claims_over(&free);
    let running = slot.win(&second, Some(&free)).await;
    let again = freed(&running);
    slot.done(&running, Change::Release(&again)).await;
    let found = slot.find(&second, Some(&free)).await;
    assert_eq!(found.record, again, "the attempt was given back");
    slot.holds(&again, "a late claim is not counted").await;
}

/// A claim over a record that has vanished since it was judged is not won: what it counted is of a
/// window that is over.
pub async fn a_count_does_not_outlive_its_window<S: Store>(nodes: Nodes<S>) {
    Nodes::<S>::must_count();
    let slot = nodes.slot();
    let judged = lapsed(&slot).await;
    slot.done(&judged, Change::Purge).await;
    let claimed = slot.claim(&counted().claims_over(&judged), Some(&judged)).await;
    assert_eq!(claimed, Claimed::Vanished, "its window is over");
    slot.is_absent("nothing was written").await;
}

/// Nothing is given back, renewed or completed after the window: what is absent is not made again,
/// and no count falls below zero.
pub async fn nothing_is_given_back_after_the_window<S: Store>(nodes: Nodes<S>) {
    Nodes::<S>::must_count();
    let slot = nodes.slot();
    let old = slot.win(&counted().claims(), None).await;
    slot.done(&old, Change::Purge).await;
    settles_nothing(&slot, &old, "its window is over").await;
    slot.is_absent("its window is over").await;
    let new = slot.win(&counted().claims(), None).await;
    settles_nothing(&slot, &old, "another window has begun").await;
    slot.holds(&new, "another window has begun").await;
}

/// Renewing starts the lease anew, and changes no byte.
pub async fn renewing_a_counted_attempt_moves_its_lease<S: Store>(nodes: Nodes<S>) {
    Nodes::<S>::must_count();
    let slot = nodes.slot();
    let lease = Duration::from_millis(200);
    let (running, claimed) = timed(slot.win(&counted().lease(lease).claims(), None)).await;
    watch_lease(&slot, claimed, lease).await;
    pass(lease / 4).await;
    let ((), renewed) = timed(slot.done(&running, Change::Renew)).await;
    slot.holds(&running, "renewing moves times, not bytes").await;
    watch_lease(&slot, renewed, lease).await;
}

/// The owner completes, also late if nobody took over; then its result answers, and nothing else
/// changes it.
pub async fn a_counted_attempt_completes_once<S: Store>(nodes: Nodes<S>) {
    Nodes::<S>::must_count();
    let slot = nodes.slot();
    let superseded = lapsed(&slot).await;
    let late = counted().lease(Duration::from_millis(1)).claims_over(&superseded);
    let running = slot.win(&late, Some(&superseded)).await;
    slot.until_lapsed().await;
    settles_nothing(&slot, &superseded, "it was taken over").await;
    let done = completed(&running, b"the result");
    for _ in 0..2 {
        slot.done(&running, Change::Complete(&done)).await;
        slot.holds(&done, "it is completed").await;
    }
    let free = freed(&running);
    for change in [Change::Renew, Change::Release(&free), Change::Purge] {
        slot.lost(&running, change, "it is completed").await;
    }
    settles_nothing(&slot, &superseded, "it was taken over").await;
    for over in [None, Some(&running), Some(&done)] {
        let claim = over.map_or_else(|| counted().claims(), |over| counted().claims_over(over));
        let found = slot.find(&claim, over).await;
        assert_eq!(found.record, done, "the result is found");
    }
    slot.holds(&done, "a completed record is for duplicates").await;
}

/// Purging forgets the very record that counts, in whatever state, and what it counted.
pub async fn purging_forgets_a_count<S: Store>(nodes: Nodes<S>) {
    Nodes::<S>::must_count();
    let slot = nodes.slot();
    let free = given_back(&slot, &counted()).await;
    let running = slot.win(&counted().claims_over(&free), Some(&free)).await;
    slot.lost(&free, Change::Purge, "another record stands there").await;
    slot.done(&running, Change::Purge).await;
    slot.is_absent("it was purged").await;
    let free = given_back(&slot, &counted()).await;
    slot.done(&free, Change::Purge).await;
    slot.is_absent("it was purged").await;
    let first = slot.win(&counted().claims(), None).await;
    assert_eq!(first.spent(), Some(1));
    slot.holds(&first, "the count starts again").await;
}

/// A deploy may begin to count, or end it: what counts and what does not take over from each other
/// as from their own kind, and not while they live.
pub async fn what_counts_and_what_does_not_follow_each_other<S: Store>(nodes: Nodes<S>) {
    Nodes::<S>::must_count();
    let kinds = [(Claimant::new(), counted()), (counted(), Claimant::new())];
    for (one, other) in kinds {
        let slot = nodes.slot();
        let live = slot.win(&one.claims(), None).await;
        slot.find(&other.claims(), None).await;
        let found = slot.find(&other.claims_over(&live), Some(&live)).await;
        assert_eq!(found.record, live, "a live lease is its owner's");
        let free = freed(&live);
        slot.done(&live, change_to(&free)).await;
        let taken = slot.win(&other.claims_over(&free), Some(&free)).await;
        slot.holds(&taken, "the free name was claimed").await;

        let slot = nodes.slot();
        let brief = one.lease(Duration::from_millis(1));
        let judged = slot.win(&brief.claims(), None).await;
        slot.until_lapsed().await;
        let taken = slot.win(&other.claims_over(&judged), Some(&judged)).await;
        slot.holds(&taken, "its lease had lapsed").await;
        settles_nothing(&slot, &judged, "it was taken over").await;
        let done = completed(&taken, b"the result");
        slot.done(&taken, Change::Complete(&done)).await;
        slot.holds(&done, "it is completed").await;
    }
}
