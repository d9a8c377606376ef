//! Names and results as they are, whatever bytes they hold.

use super::nodes::{Nodes, Slot};
use super::{Claimant, completed};
use crate::store::{Change, Record, Store};

async fn is_kept<S: Store>(slot: &Slot<S>, result: &[u8]) {
    let running = slot.win(&Claimant::new().claims(), None).await;
    let done = completed(&running, result);
    slot.done(&running, Change::Complete(&done)).await;
    slot.holds(&done, "the result is kept as it is").await;
    let found = slot.find(&Claimant::new().claims(), None).await;
    assert!(found.record == done, "a duplicate finds the result as it is");
    // Sent again, it is compared with what stands there.
    slot.done(&running, Change::Complete(&done)).await;
    slot.done(&done, Change::Purge).await;
}

/// A result of no bytes is one.
pub async fn an_empty_result_is_kept<S: Store>(nodes: Nodes<S>) {
    is_kept(&nodes.slot(), b"").await;
}

/// A result may hold every byte, in every place.
pub async fn a_result_of_every_byte_is_kept<S: Store>(nodes: Nodes<S>) {
    let all: Vec<u8> = (0..=u8::MAX).collect();
    is_kept(&nodes.slot(), &all).await;
    is_kept(&nodes.slot(), &[0; 3]).await;
    is_kept(&nodes.slot(), b"\r\n' \" \\ \xff\xfe \xc3\x28 \n").await;
}

/// A result of a mebibyte is kept.
pub async fn a_result_of_a_mebibyte_is_kept<S: Store>(nodes: Nodes<S>) {
    let bytes = (0..1_u32 << 20).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8);
    is_kept(&nodes.slot(), &bytes.collect::<Vec<u8>>()).await;
}

/// Each of these names has a record of its own.
async fn are_apart<S: Store>(slots: &[Slot<S>]) {
    let mut records: Vec<Record> = Vec::new();
    for slot in slots {
        slot.is_absent("no other name is this one").await;
        records.push(slot.win(&Claimant::new().claims(), None).await);
    }
    for (slot, record) in slots.iter().zip(&records) {
        slot.holds(record, "each name has a record of its own").await;
    }
    for (slot, record) in slots.iter().zip(&records) {
        slot.done(record, Change::Purge).await;
        slot.is_absent("it was purged").await;
    }
}

/// A name may hold every visible byte of ASCII, the ones that mean something to the store included.
pub async fn names_of_every_visible_byte_are_kept<S: Store>(nodes: Nodes<S>) {
    let all: String = ('!'..='~').collect();
    let backwards: String = ('!'..='~').rev().collect();
    let special = ["%", "*", "?", "[a]", "_", "/", "/../x", "'", "''", "\"", "\\", "$1", "{a}"];
    let ends = [all.as_str(), backwards.as_str()].into_iter().chain(special);
    are_apart(&nodes.slots(ends)).await;
}

/// Names of 300 bytes are told apart by their last one.
pub async fn names_of_300_bytes_are_told_apart<S: Store>(nodes: Nodes<S>) {
    let length = 300 - nodes.slot().name().len();
    let ends = ["1", "2"].map(|last| format!("{}{last}", "n".repeat(length - 1)));
    let slots = nodes.slots(ends.iter().map(String::as_str));
    assert!(slots.iter().all(|slot| slot.name().len() == 300));
    are_apart(&slots).await;
}

/// Names that differ in case alone, or where one begins like the other, are two.
pub async fn names_that_look_alike_are_told_apart<S: Store>(nodes: Nodes<S>) {
    are_apart(&nodes.slots(["", ":", ":a", ":A", ":ab", ":aB", ":a.", ":a-", ":a_"])).await;
}
