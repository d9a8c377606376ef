//! What an attempt does with its own record: renewing, completing, releasing, purging.

use std::time::Duration;

use super::claimant::change_to;
use super::expiry::made_fresh;
use super::nodes::{Nodes, Slot};
use super::time::{pass, timed, watch_lease, watch_retention};
use super::{Claimant, completed, freed};
use crate::store::{Change, Claimed, Lease, Record, Store};

/// Renewing starts the lease anew, and changes no byte.
pub async fn renewing_moves_the_lease<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let lease = Duration::from_millis(200);
    let running = slot.win(&Claimant::new().lease(lease).claims(), None).await;
    pass(lease / 2).await;
    let ((), renewed) = timed(slot.done(&running, Change::Renew)).await;
    slot.holds(&running, "renewing moves times, not bytes").await;
    watch_lease(&slot, renewed, lease).await;
}

/// Renewing starts the retention anew: what lives is never expired.
pub async fn renewing_moves_the_retention<S: Store>(nodes: Nodes<S>) {
    let (slot, renewed, retention) = made_fresh(&nodes, |_| None).await;
    watch_retention(&slot, renewed, retention).await;
}

/// A lapsed lease that nobody has taken over is its owner's again by renewing.
pub async fn renewing_revives_a_lapsed_lease<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let lease = Duration::from_millis(200);
    let running = slot.win(&Claimant::new().lease(lease).claims(), None).await;
    slot.until_lapsed().await;
    let ((), renewed) = timed(slot.done(&running, Change::Renew)).await;
    let (found, seen) = timed(slot.get()).await;
    let found = found.expect("a renewed record stands");
    renewed.age_in(seen).explains(found.lease, lease);
}

/// A lapsed lease that was renewed is not taken over by who has judged it before.
pub async fn a_renewed_lease_is_not_taken<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let lease = Duration::from_millis(300);
    let claimant = Claimant::new().lease(lease);
    let running = slot.win(&claimant.claims(), None).await;
    slot.until_lapsed().await;
    let ((), renewed) = timed(slot.done(&running, Change::Renew)).await;
    let rival = Claimant::new().claims_over(&running);
    let (claimed, seen) = timed(slot.claim(&rival, Some(&running))).await;
    // A machine that sleeps over a whole lease has let it lapse again.
    let said = match claimed {
        Claimed::Found(found) => found.lease,
        Claimed::Won { .. } => Lease::Lapsed,
        Claimed::Vanished => panic!("the record stands, but the store has not found it"),
    };
    renewed.age_in(seen).explains(said, lease);
}

/// The owner completes: its result stands in the running record's place.
pub async fn the_owner_completes<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let running = slot.win(&Claimant::new().claims(), None).await;
    let done = completed(&running, b"the result");
    slot.done(&running, Change::Complete(&done)).await;
    slot.holds(&done, "the attempt is completed").await;
    let found = slot.find(&Claimant::new().claims(), None).await;
    assert_eq!(found.record, done, "a duplicate finds the result");
}

/// The owner releases: a free record stands in the running one's place, and keeps fence and
/// attempts.
pub async fn the_owner_releases<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let lapsed = slot.lapsed().await;
    let running = slot.win(&Claimant::new().claims_over(&lapsed), Some(&lapsed)).await;
    let free = freed(&running);
    slot.done(&running, Change::Release(&free)).await;
    slot.holds(&free, "the name was given back").await;
    let found = slot.find(&Claimant::new().claims(), None).await.record;
    assert_eq!(found.fence(), running.fence(), "a free record keeps the fence");
    assert_eq!(found.attempts(), 2, "a free record keeps the number of attempts");
}

/// A completion that comes after the lease is stored, if nobody took over: the work is done.
pub async fn a_late_completion_is_stored<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let running = slot.lapsed().await;
    let done = completed(&running, b"late");
    slot.done(&running, Change::Complete(&done)).await;
    slot.holds(&done, "nobody took over").await;
}

/// A release that comes after the lease frees the name, if nobody took over.
pub async fn a_late_release_frees_the_name<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let running = slot.lapsed().await;
    let free = freed(&running);
    slot.done(&running, Change::Release(&free)).await;
    slot.holds(&free, "nobody took over").await;
}

/// Another owner settles nothing.
pub async fn another_owner_settles_nothing<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let running = slot.win(&Claimant::new().claims(), None).await;
    let other = Claimant::new().claims().with_fence(running.fence());
    settles_nothing(&slot, &other, "another owner").await;
    slot.holds(&running, "another owner settles nothing").await;
}

/// The right owner with another fence settles nothing: it is another attempt.
pub async fn another_fence_settles_nothing<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let claimant = Claimant::new();
    let running = slot.win(&claimant.claims(), None).await;
    let other = running.with_fence(running.fence() + 1);
    settles_nothing(&slot, &other, "another fence").await;
    slot.holds(&running, "another fence settles nothing").await;
}

/// Once somebody took over, the old owner settles nothing: it is told so, and the new owner's
/// record and lease are as they were.
pub async fn after_a_takeover_the_old_owner_settles_nothing<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let old = slot.lapsed().await;
    let new = slot.win(&Claimant::new().claims_over(&old), Some(&old)).await;
    settles_nothing(&slot, &old, "it was taken over").await;
    slot.holds(&new, "it was taken over").await;
    slot.done(&new, Change::Renew).await;
    let done = completed(&new, b"the new owner's");
    slot.done(&new, Change::Complete(&done)).await;
    settles_nothing(&slot, &old, "the new owner has completed").await;
    slot.holds(&done, "the new owner has completed").await;
}

/// A lost renewal moves no time of the record that stands there.
pub async fn a_lost_renewal_moves_no_time<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let lease = Duration::from_millis(200);
    let claimant = Claimant::new().lease(lease);
    let (running, written) = timed(slot.win(&claimant.claims(), None)).await;
    let other = Claimant::new().claims();
    pass(lease / 2).await;
    slot.lost(&other, Change::Renew, "it is another owner's").await;
    watch_lease(&slot, written, lease).await;
    slot.holds(&running, "a lapsed record stands").await;
}

/// What is absent is lost, and never made again.
pub async fn an_absent_record_is_never_made_again<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let running = Claimant::new().claims();
    settles_nothing(&slot, &running, "nothing stands there").await;
    let (empty, done, free) = (Record::from_bytes(b""), completed(&running, b""), freed(&running));
    for change in [Change::Complete(&done), Change::Release(&free), Change::Renew, Change::Purge] {
        slot.lost(&empty, change, "nothing is no record of no bytes").await;
    }
    slot.is_absent("it was never claimed").await;

    let running = slot.win(&running, None).await;
    slot.done(&running, Change::Purge).await;
    settles_nothing(&slot, &running, "it was purged").await;
    slot.is_absent("it was purged").await;
}

/// Purging forgets the very record, in whatever state, and with it the fence.
pub async fn purging_forgets_the_record<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let running = slot.win(&Claimant::new().claims(), None).await;
    slot.done(&running, Change::Purge).await;
    slot.is_absent("it was purged").await;
    let settled_as = [|running: &Record| completed(running, b"the result"), freed];
    for settled in settled_as {
        let running = slot.win(&Claimant::new().claims(), None).await;
        let settled = settled(&running);
        slot.done(&running, change_to(&settled)).await;
        slot.lost(&running, Change::Purge, "another record stands there").await;
        slot.holds(&settled, "purging compares").await;
        slot.done(&settled, Change::Purge).await;
        slot.is_absent("it was purged").await;
    }
    slot.lost(&running, Change::Purge, "nothing stands there").await;
}

/// No change of the attempt of `running` is done.
pub(super) async fn settles_nothing<S: Store>(slot: &Slot<S>, running: &Record, why: &str) {
    let (done, free) = (completed(running, b"an intruder's"), freed(running));
    let changes = [Change::Renew, Change::Complete(&done), Change::Release(&free), Change::Purge];
    for change in changes {
        slot.lost(running, change, why).await;
    }
}
