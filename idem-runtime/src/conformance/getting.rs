//! Looking at a name, which changes nothing.

use std::time::Duration;

use super::claimant::change_to;
use super::nodes::Nodes;
use super::time::{pass, timed, watch_lease, watch_retention};
use super::{Claimant, completed, freed};
use crate::store::{Record, Store};

/// Looking at an absent name makes nothing: it is still to be won.
pub async fn getting_an_absent_name_makes_nothing<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    slot.is_absent("nobody has claimed it").await;
    let record = slot.win(&Claimant::new().claims(), None).await;
    slot.holds(&record, "the claim was won").await;
}

/// Looking at a record tells it byte for byte, in whatever state.
pub async fn getting_tells_the_record_in_every_state<S: Store>(nodes: Nodes<S>) {
    let settled_as = [|running: &Record| completed(running, b"the result"), freed];
    for settled in settled_as {
        let slot = nodes.slot();
        let running = slot.win(&Claimant::new().claims(), None).await;
        slot.holds(&running, "it is running").await;
        let settled = settled(&running);
        slot.done(&running, change_to(&settled)).await;
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
        pass(Duration::from_millis(10)).await;
    }
}

/// Looking at a record moves none of its times, however often it is done.
pub async fn getting_moves_no_time<S: Store>(nodes: Nodes<S>) {
    let slot = nodes.slot();
    let time = Duration::from_millis(100);
    let (_, written) = timed(slot.win(&Claimant::new().lease(time).claims(), None)).await;
    watch_lease(&slot, written, time).await;

    let slot = nodes.slot();
    let brief = Claimant::new().lease(time / 2).retention(time);
    let (_, written) = timed(slot.win(&brief.claims(), None)).await;
    watch_retention(&slot, written, time).await;
}
