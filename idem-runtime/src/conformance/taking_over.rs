//! A claim over a record that was found: it is had only as it was judged, and free or lapsed.

use std::time::Duration;

use super::claimant::newer;
use super::nodes::Nodes;
use super::time::{pass, timed};
use super::{Claimant, freed};
use crate::store::{Change, Lease, Store};

const LEASE: Duration = Duration::from_mins(1);

/// A live lease is never taken, and who tries is told what is left of it.
pub async fn a_live_lease_is_never_taken<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let (live, written) = timed(slot.win(&Claimant::new().lease(LEASE).claims(), None)).await;
    for _ in 0..2 {
        let rival = Claimant::new().claims_over(&live);
        let (found, seen) = timed(slot.find(&rival, Some(&live))).await;
        assert_eq!(found.record, live, "the live record is found");
        written.age_in(seen).explains(found.lease, LEASE);
    }
    slot.holds(&live, "a live lease is its owner's").await;
}

/// The lease that counts is the one in the record that stands there, not the rival's own.
pub async fn a_lease_is_as_long_as_its_own_record_says<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let live = slot.win(&Claimant::new().claims(), None).await;
    let hasty = Claimant::new().lease(Duration::from_millis(1)).retention(Duration::from_secs(1));
    pass(Duration::from_millis(1)).await;
    let found = slot.find(&hasty.claims_over(&live), Some(&live)).await;
    assert_eq!(found.record, live, "a rival in a hurry shortens no lease");
}

/// A lapsed lease is taken over by the claim that judged it, with the next fence.
pub async fn a_lapsed_lease_is_taken_over<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let lapsed = slot.lapsed().await;
    let next = Claimant::new().claims_over(&lapsed);
    let taken = slot.win(&next, Some(&lapsed)).await;
    assert!(taken.fence() > lapsed.fence(), "fences grow with each attempt");
    assert_eq!(taken.attempts(), 2, "it is the second attempt");
    slot.holds(&taken, "the name was taken over").await;
    let lease = slot.get().await.map(|found| found.lease);
    assert!(matches!(lease, Some(Lease::Live(_))), "its lease starts anew, not {lease:?}");
}

/// An owner whose takeover got no answer sends it again, and finds that it has landed.
pub async fn a_takeover_sent_again_finds_its_own<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let lapsed = slot.lapsed().await;
    let next = Claimant::new().claims_over(&lapsed);
    let taken = slot.win(&next, Some(&lapsed)).await;
    let found = slot.find(&next, Some(&lapsed)).await;
    assert_eq!(found.record, taken, "an owner finds its own takeover");
}

/// Another record than the judged one is left, also when it has lapsed as well: of two that judged
/// one record, the second finds the first.
pub async fn another_record_than_the_judged_one_is_left<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let judged = slot.lapsed().await;
    let quick = Claimant::new().lease(Duration::from_millis(1)).claims_over(&judged);
    let taken = slot.win(&quick, Some(&judged)).await;
    slot.until_lapsed().await;
    let late = Claimant::new().claims_over(&judged);
    let found = slot.find(&late, Some(&judged)).await;
    assert_eq!(found.record, taken, "the record that nobody has judged is found");
    slot.holds(&taken, "nobody has judged it").await;
}

/// A claim over a record that has vanished since it was judged is won, with the fence that follows
/// the judged one.
pub async fn a_vanished_record_is_claimed_with_the_next_fence<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let judged = slot.lapsed().await;
    slot.done(&judged, Change::Purge).await;
    let next = Claimant::new().claims_over(&judged);
    let record = slot.win(&next, Some(&judged)).await;
    assert!(record.fence() > judged.fence(), "the fence grows past the one that was judged");
    slot.holds(&record, "the claim was won").await;
}

/// A released name is claimed by the claim that judged its free record, with the next fence.
pub async fn a_free_record_is_claimed_with_the_next_fence<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let mut running = slot.win(&Claimant::new().claims(), None).await;
    for attempts in 2..=4 {
        let free = freed(&running);
        slot.done(&running, Change::Release(&free)).await;
        let next = slot.win(&Claimant::new().claims_over(&free), Some(&free)).await;
        assert!(next.fence() > running.fence(), "fences grow with each attempt");
        assert_eq!(next.attempts(), attempts, "attempts are counted");
        slot.holds(&next, "the free name was claimed").await;
        running = next;
    }
}

/// A free record is claimed only as it was judged: when it was claimed and freed again since, the
/// later free record is found, so that its fence is not passed over.
pub async fn another_free_record_than_the_judged_one_is_left<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let first = slot.win(&Claimant::new().claims(), None).await;
    let judged = freed(&first);
    slot.done(&first, Change::Release(&judged)).await;
    let second = slot.win(&Claimant::new().claims_over(&judged), Some(&judged)).await;
    let free = freed(&second);
    slot.done(&second, Change::Release(&free)).await;
    let late = Claimant::new().claims_over(&judged);
    let found = slot.find(&late, Some(&judged)).await;
    assert_eq!(found.record, free, "the later free record is found");
    slot.holds(&free, "nobody has judged it").await;
}

/// A record without a lease that can be read is owned for as long as it stands.
pub async fn a_record_without_a_lease_is_owned<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let claimant = Claimant::new().lease(Duration::ZERO);
    let record = slot.win(&claimant.claims(), None).await;
    pass(Duration::from_millis(1)).await;
    let rival = Claimant::new().claims_over(&record);
    let found = slot.find(&rival, Some(&record)).await;
    assert_eq!(found.record, record, "it is owned");
    assert!(matches!(found.lease, Lease::Live(_)), "it is owned: {:?}", found.lease);
}

/// A claim of a later version of the library is kept byte for byte, and judged by its lease like
/// any other.
pub async fn a_newer_versions_claim_is_judged_by_its_lease<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let live = slot.win(&newer(&Claimant::new().claims()), None).await;
    slot.holds(&live, "a newer version has claimed the name").await;
    let found = slot.find(&Claimant::new().claims_over(&live), Some(&live)).await;
    assert_eq!(found.record, live, "its lease is live");

    let slot = nodes.slot();
    let brief = Claimant::new().lease(Duration::from_millis(1));
    let lapsed = slot.win(&newer(&brief.claims()), None).await;
    slot.until_lapsed().await;
    let taken = slot.win(&Claimant::new().claims_over(&lapsed), Some(&lapsed)).await;
    slot.holds(&taken, "its lease had lapsed").await;
}
