//! What `#[idempotent]` does at run time: that every shape of function runs once and replays, and that
//! every option has the effect that the README states.

#[path = "../calls/seen.rs"]
#[allow(dead_code, reason = "shared with the calls without an attribute")]
mod seen;
#[path = "../calls/support.rs"]
#[allow(dead_code, reason = "shared with the calls without an attribute")]
mod support;

mod arguments;
mod cancelling;
mod codecs;
mod counting;
mod durations;
mod engines;
mod errors;
mod inference;
mod keys;
mod methods;
mod nesting;
mod operations;
mod outages;
mod outside;
mod policies;
mod shapes;
mod stored_errors;

use kit::place::Place;

/// Each kind of store, for what must hold on all of them.
fn every_store() -> [Place; 4] {
    [Place::memory(), Place::redis(), Place::scripts(), Place::valkey()]
}
