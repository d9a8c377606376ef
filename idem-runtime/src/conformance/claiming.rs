//! A name under which nothing stands, and one under which something does.

use super::nodes::Nodes;
use super::{Claimant, completed, freed};
use crate::store::{Change, Store};

/// An absent name is won, and from then on the record stands there.
pub async fn an_absent_name_is_won<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let record = slot.win(&Claimant::new().claims(), None).await;
    slot.holds(&record, "the claim was won").await;
}

/// Who claims a name that is taken is told the record that stands there, byte for byte.
pub async fn a_taken_name_is_found_byte_for_byte<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let record = slot.win(&Claimant::new().claims(), None).await;
    for _ in 0..2 {
        let found = slot.find(&Claimant::new().claims(), None).await;
        assert_eq!(found.record, record, "what was found is what stands there");
    }
    slot.holds(&record, "no claim was won").await;
}

/// An owner whose claim got no answer sends it again, and finds that it has landed: it is not told
/// that it has won, for the time in between may have eaten the lease.
pub async fn a_claim_sent_again_finds_its_own<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let claim = Claimant::new().claims();
    let record = slot.win(&claim, None).await;
    let found = slot.find(&claim, None).await;
    assert_eq!(found.record.owner(), claim.owner(), "an owner finds its own claim");
    assert_eq!(found.record, record, "the claim is as it was");
}

/// A claim that has judged no record takes nothing over, also when what stands there has lapsed or
/// is free: its sender has not seen the fence that it must pass.
pub async fn a_claim_that_judged_nothing_takes_nothing_over<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let lapsed = slot.lapsed().await;
    let found = slot.find(&Claimant::new().claims(), None).await;
    assert_eq!(found.record, lapsed, "a lapsed record stands until a claim has judged it");

    let slot = nodes.slot();
    let running = slot.win(&Claimant::new().claims(), None).await;
    let free = freed(&running);
    slot.done(&running, Change::Release(&free)).await;
    let found = slot.find(&Claimant::new().claims(), None).await;
    assert_eq!(found.record, free, "a free record stands until a claim has judged it");
}

/// A completed record answers duplicates: no claim gets past it, whatever it has judged.
pub async fn a_completed_record_is_never_claimed<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    // Completed late, so that its lease would have lapsed if it had one.
    let running = slot.lapsed().await;
    let done = completed(&running, b"the result");
    slot.done(&running, Change::Complete(&done)).await;
    for over in [None, Some(&running), Some(&done)] {
        let claimant = Claimant::new();
        let record = over.map_or_else(|| claimant.claims(), |over| claimant.claims_over(over));
        let found = slot.find(&record, over).await;
        assert_eq!(found.record, done, "the result is found");
    }
    slot.holds(&done, "a completed record is for duplicates").await;
}
