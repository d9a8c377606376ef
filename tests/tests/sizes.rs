//! How much a guarded call takes of the future that awaits it.

use idem::{Error, Idem, Plan};

/// Well under what `clippy::large_futures` tells people to box (16 KiB), as calls are nested in
/// handlers, and those in servers.
const LARGEST: usize = 6 * 1024;

#[test]
fn a_call_is_small_beside_its_body() {
    let idem = Idem::in_memory();
    let plan = Plan::setnx();
    let order = 7;
    let call = idem.call(&plan, idem::key!("ship:{order}"), async { Ok::<u32, Error>(1) });
    assert!(size_of_val(&call) <= LARGEST, "{} bytes", size_of_val(&call));
}
