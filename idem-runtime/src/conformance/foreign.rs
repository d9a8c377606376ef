//! What the library has not written, or what has been damaged since.

use super::nodes::{Nodes, Slot};
use super::settling::settles_nothing;
use super::{Claimant, completed};
use crate::store::{Change, Name, Record, Store};

/// A value that is no record is found as it is, and neither claimed nor settled over.
pub async fn a_foreign_value_is_never_overwritten<S: Store>(
    nodes: Nodes<S>,
    plant: impl AsyncFnOnce(&S, &Name, &[u8]),
) {
    let slot = nodes.slot();
    let value = b"somebody else's";
    plant(slot.node(), slot.name(), value).await;
    is_left(&slot, &Record::from_bytes(value)).await;
}

/// A record that has been damaged is found as it is, and neither claimed nor settled over.
pub async fn a_damaged_record_is_never_overwritten<S: Store>(
    nodes: Nodes<S>,
    plant: impl AsyncFnOnce(&S, &Name, &[u8]),
) {
    let slot = nodes.slot();
    let mut bytes = completed(&Claimant::new().claims(), b"the result").as_bytes().to_vec();
    *bytes.last_mut().expect("a record has bytes") ^= 1;
    plant(slot.node(), slot.name(), &bytes).await;
    is_left(&slot, &Record::from_bytes(&bytes)).await;
}

async fn is_left<S: Store>(slot: &Slot<S>, foreign: &Record) {
    assert_eq!(foreign.state(), None);
    slot.holds(foreign, "it was planted").await;
    let claim = Claimant::new().claims();
    for over in [None, Some(foreign), Some(&claim)] {
        let found = slot.find(&claim, over).await;
        assert_eq!(found.record, *foreign, "it is found as it is");
    }
    settles_nothing(slot, &claim, "it is nobody's record").await;
    slot.holds(foreign, "what the library has not written stays").await;
    // Forgotten by people alone, who name it byte for byte.
    slot.done(foreign, Change::Purge).await;
    slot.is_absent("it was purged").await;
}
