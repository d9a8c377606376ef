//! What has been settled: the same attempt may ask again, and nothing else changes it.

use super::nodes::Nodes;
use super::settling::settles_nothing;
use super::{Claimant, completed, freed};
use crate::store::{Change, Store};

/// An owner whose completion got no answer sends it again, and is told that it is done. What was
/// stored first stays.
pub async fn a_completion_sent_again_is_done<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let running = slot.win(&Claimant::new().claims(), None).await;
    let done = completed(&running, b"the result");
    for _ in 0..3 {
        slot.done(&running, Change::Complete(&done)).await;
        slot.holds(&done, "it is completed").await;
    }
    let other = completed(&running, b"another result");
    slot.done(&running, Change::Complete(&other)).await;
    slot.holds(&done, "what duplicates may have been told already stays").await;
}

/// An owner whose release got no answer sends it again, and is told that it is done.
pub async fn a_release_sent_again_is_done<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let running = slot.win(&Claimant::new().claims(), None).await;
    let free = freed(&running);
    for _ in 0..3 {
        slot.done(&running, Change::Release(&free)).await;
        slot.holds(&free, "it is free").await;
    }
}

/// Renewing and releasing do nothing to what is completed, not even by its own owner.
pub async fn a_completed_record_is_left_as_it_is<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let running = slot.win(&Claimant::new().claims(), None).await;
    let done = completed(&running, b"the result");
    slot.done(&running, Change::Complete(&done)).await;
    let free = freed(&running);
    for change in [Change::Renew, Change::Release(&free), Change::Purge] {
        slot.lost(&running, change, "it is completed").await;
        slot.holds(&done, "a completed record is for duplicates").await;
    }
}

/// Another owner's completion of what is completed is lost.
pub async fn a_completion_by_another_owner_is_lost<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let running = slot.win(&Claimant::new().claims(), None).await;
    let done = completed(&running, b"the result");
    slot.done(&running, Change::Complete(&done)).await;
    settles_nothing(&slot, &Claimant::new().claims(), "another owner has completed").await;
    slot.holds(&done, "the first result stays").await;
}

/// What has been given back is its old owner's no more: it neither renews nor completes it.
pub async fn a_free_record_is_nobodys<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let running = slot.win(&Claimant::new().claims(), None).await;
    let (free, done) = (freed(&running), completed(&running, b"too late"));
    slot.done(&running, Change::Release(&free)).await;
    for change in [Change::Renew, Change::Complete(&done), Change::Purge] {
        slot.lost(&running, change, "it was given back").await;
        slot.holds(&free, "it was given back").await;
    }
    settles_nothing(&slot, &Claimant::new().claims(), "it is free").await;
    slot.holds(&free, "another owner settles nothing").await;
}
