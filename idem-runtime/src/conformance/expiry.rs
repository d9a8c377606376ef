//! Leases that lapse, and records that are gone: when they should, and not before.

use std::time::Duration;

use super::claimant::change_to;
use super::nodes::{Nodes, Slot};
use super::settling::settles_nothing;
use super::time::{Span, pass, timed, wait, watch_lease, watch_retention};
use super::{Claimant, completed, freed};
use crate::store::{Change, Record, Settled, Store};

const SHORT: Duration = Duration::from_millis(150);

fn brief() -> Claimant {
    Claimant::new().lease(SHORT / 2).retention(SHORT)
}

/// A lease is live for its length and lapsed after it, neither sooner nor later.
pub async fn a_lease_lapses_in_its_time<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let claim = Claimant::new().lease(SHORT).claims();
    let (running, written) = timed(slot.win(&claim, None)).await;
    watch_lease(&slot, written, SHORT).await;
    slot.holds(&running, "a lapsed record stands until its retention is over").await;
}

/// A running record is gone at its retention, neither sooner nor later.
pub async fn a_running_record_is_gone_at_its_retention<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let (_, written) = timed(slot.win(&brief().claims(), None)).await;
    watch_retention(&slot, written, SHORT).await;
}

/// What took a name over is gone at its own retention.
pub async fn a_takeover_is_gone_at_its_retention<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let lapsed = slot.lapsed().await;
    pass(SHORT / 2).await;
    let taking = brief().claims_over(&lapsed);
    let (_, written) = timed(slot.win(&taking, Some(&lapsed))).await;
    watch_retention(&slot, written, SHORT).await;
}

/// A completed record is gone at its retention, counted from its completion.
pub async fn a_completed_record_is_gone_at_its_retention<S: Store>(nodes: Nodes<S>) {
    let settled = |running: &Record| Some(completed(running, b"the result"));
    let (slot, written, retention) = made_fresh(&nodes, settled).await;
    watch_retention(&slot, written, retention).await;
}

/// A free record is gone at its retention, counted from its release.
pub async fn a_free_record_is_gone_at_its_retention<S: Store>(nodes: Nodes<S>) {
    let settled = |running: &Record| Some(freed(running));
    let (slot, written, retention) = made_fresh(&nodes, settled).await;
    watch_retention(&slot, written, retention).await;
}

/// A record that was settled, or renewed, a while after it was claimed: its name, when that was
/// done, and its retention, which counts from then.
pub(super) async fn made_fresh<S: Store>(
    nodes: &Nodes<S>,
    settled: impl Fn(&Record) -> Option<Record>,
) -> (Slot<S>, Span, Duration) {
    let mut retention = Duration::from_millis(800);
    loop {
        let slot = nodes.slot();
        let claimant = Claimant::new().lease(retention / 2).retention(retention);
        let (running, claimed) = timed(slot.win(&claimant.claims(), None)).await;
        pass(retention / 8).await;
        let settled = settled(&running);
        let change = settled.as_ref().map_or(Change::Renew, change_to);
        let (answer, written) = timed(slot.settle(&running, change)).await;
        if answer == Settled::Done {
            return (slot, written, retention);
        }
        // A machine that was so slow is given more time.
        let expired = claimed.age_in(written).may_be_over(retention);
        assert!(expired, "it is the attempt's own record: {change:?}");
        retention *= 2;
    }
}

/// What has expired is absent to a claim, whether or not anything has removed it. The claim that
/// comes over it is won as well.
pub async fn what_has_expired_is_absent_to_a_claim<S: Store>(nodes: Nodes<S>) {
    let slots = nodes.slots(["1", "2", "3", "4"]);
    let mut expired = Vec::new();
    for slot in &slots {
        expired.push(slot.win(&brief().claims(), None).await);
    }
    // Where the machine was slow, the record is gone before it is settled; then it has expired too.
    let (done, free) = (completed(&expired[1], b"the result"), freed(&expired[2]));
    let _ = slots[1].settle(&expired[1], Change::Complete(&done)).await;
    let _ = slots[2].settle(&expired[2], Change::Release(&free)).await;
    pass(SHORT).await;
    for slot in &slots[..3] {
        let record = slot.win(&Claimant::new().claims(), None).await;
        slot.holds(&record, "what stood there has expired").await;
    }
    let over = Claimant::new().claims_over(&expired[3]);
    let record = slots[3].win(&over, Some(&expired[3])).await;
    slots[3].holds(&record, "what stood there has expired").await;
}

/// What has expired is absent to a settlement: it is lost, and not made again.
pub async fn what_has_expired_is_absent_to_a_settlement<S: Store>(nodes: Nodes<S>) {
    // Each change on a name of its own: one that is refused may have removed the record.
    let slots = nodes.slots(["1", "2", "3", "4"]);
    let mut expired = Vec::new();
    for slot in &slots {
        expired.push(slot.win(&brief().claims(), None).await);
    }
    pass(SHORT).await;
    let (done, free) = (completed(&expired[1], b"too late"), freed(&expired[2]));
    let changes = [Change::Renew, Change::Complete(&done), Change::Release(&free), Change::Purge];
    for ((slot, running), change) in slots.iter().zip(&expired).zip(changes) {
        slot.lost(running, change, "it has expired").await;
        slot.is_absent("it has expired").await;
        settles_nothing(slot, running, "it has expired").await;
    }
}

/// What has expired is absent to a get.
pub async fn what_has_expired_is_absent_to_a_get<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    slot.win(&brief().claims(), None).await;
    pass(SHORT).await;
    slot.is_absent("it has expired").await;
}

/// Times under a second are kept to the millisecond: neither none nor a whole second.
pub async fn times_under_a_second_are_kept<S: Store>(nodes: Nodes<S>) {
    // A lease of a millisecond is one, and can be taken over; so is a retention.
    let slot = nodes.slot();
    let lapsed = slot.lapsed().await;
    slot.win(&Claimant::new().claims_over(&lapsed), Some(&lapsed)).await;
    let slot = nodes.slot();
    let shortest = Claimant::new().lease(Duration::ZERO).retention(Duration::from_millis(1));
    let (_, written) = timed(slot.win(&shortest.claims(), None)).await;
    watch_retention(&slot, written, Duration::from_millis(1)).await;

    // 40 s and 600 ms are 40 600 ms.
    let slot = nodes.slot();
    let lease = Duration::from_millis(40_600);
    let (_, written) = timed(slot.win(&Claimant::new().lease(lease).claims(), None)).await;
    let (found, seen) = timed(slot.get()).await;
    let found = found.expect("the record stands");
    written.age_in(seen).explains(found.lease, lease);
}

/// Times of a hundred years are kept: no number overflows.
pub async fn times_of_a_hundred_years_are_kept<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let retention = Duration::from_hours(100 * 366 * 24);
    let lease = retention / 2;
    let claimant = Claimant::new().lease(lease).retention(retention);
    let (running, written) = timed(slot.win(&claimant.claims(), None)).await;
    let rival = Claimant::new().claims_over(&running);
    let (found, seen) = timed(slot.find(&rival, Some(&running))).await;
    written.age_in(seen).explains(found.lease, lease);
    let ((), renewed) = timed(slot.done(&running, Change::Renew)).await;
    let (found, seen) = timed(slot.get()).await;
    let found = found.expect("a record of a hundred years stands");
    renewed.age_in(seen).explains(found.lease, lease);
    let done = completed(&running, b"the result");
    slot.done(&running, Change::Complete(&done)).await;
    slot.holds(&done, "it is kept for a hundred years").await;
    // No test leaves such a record in a server that others use.
    slot.done(&done, Change::Purge).await;
}

/// A lease as long as the retention never lapses: the record is live, and then gone.
pub async fn a_lease_as_long_as_the_retention_never_lapses<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let claimant = Claimant::new().lease(SHORT).retention(SHORT);
    let (_, written) = timed(slot.win(&claimant.claims(), None)).await;
    let gone = async || {
        let (found, seen) = timed(slot.get()).await;
        let Some(found) = found else { return true };
        let age = written.age_in(seen);
        age.explains(found.lease, SHORT);
        assert!(age.may_be_within(SHORT), "still there, with {age:?}");
        false
    };
    wait("the record to be gone", gone).await;
}
