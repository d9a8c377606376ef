//! Looking at a name, which changes nothing.

use std::time::Duration;

use super::nodes::Nodes;
use super::time::{timed, watch_lease, watch_retention};
use super::{Claimant, completed, freed};
use crate::store::{Change, Store};

/// Looking at an absent name makes nothing: it is still to be won.
pub async fn getting_an_absent_name_makes_nothing<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    slot.is_absent("nobody has claimed it").await;
    let record = slot.win(&Claimant::new().claims(), None).await;
    slot.holds(&record, "the claim was won").await;
}

/// Looking at a record tells it byte for byte, in whatever state.
pub async fn getting_tells_the_record_in_every_state<S: Store>(nodes: Nodes<S>) {
    for free in [true, false] {
        let slot = nodes.slot();
        let running = slot.win(&Claimant::new().claims(), None).await;
        slot.holds(&running, "it is running").await;
        let settled = if free { freed(&running) } else { completed(&running, b"the result") };
        let change = if free { Change::Release(&settled) } else { Change::Complete(&settled) };
        slot.done(&running, change).await;
        slot.holds(&settled, "it is settled").await;
    }
}

/// Looking at a running record tells what is left of its lease.
pub async fn getting_tells_what_is_left_of_a_lease<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let lease = Duration::from_secs(45);
    let claim = Claimant::new().lease(lease).claims();
    let (_, written) = timed(slot.win(&claim, None)).await;
    for _ in 0..4 {
        let (found, seen) = timed(slot.get()).await;
        let found = found.expect("a running record stands");
        written.age_in(seen).explains(found.lease, lease);
        super::time::pass(Duration::from_millis(10)).await;
    }
}

/// Looking at a record moves none of its times, however often it is done.
pub async fn getting_moves_no_time<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let (lease, retention) = (Duration::from_millis(100), Duration::from_millis(400));
    let claimant = Claimant::new().lease(lease).retention(retention);
    let (_, written) = timed(slot.win(&claimant.claims(), None)).await;
    watch_lease(&slot, written, lease).await;
    watch_retention(&slot, written, retention).await;
}
