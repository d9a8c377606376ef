//! What a guarded call allocates, counted, and how large its future is.
//!
//! ```text
//! cargo bench -p tests --bench allocations
//! cargo bench -p tests --bench allocations -- memory   # without a server: for callgrind
//! ```
//!
//! Counts are of the calling thread, which also runs the connection's task: what redis-rs
//! allocates is in the numbers on either side.

#[allow(dead_code, unused_imports, reason = "the other benches use the rest")]
mod charge;

use charge::{ByHand, Completion, Guard, Ours};
use idem::Idem;
use kit::redis::{Flavour, Server};
use tokio::runtime::{Builder, Runtime};

/// Enough calls that what a table allocates as it grows is spread thin.
const CALLS: u64 = 20_000;
/// How many completed orders the duplicates are of.
const COMPLETED: u64 = 1000;

fn main() {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let memory = Ours(Idem::in_memory());
    println!("A call's future: {} bytes.\n", size_of_val(&memory.charge(0)));
    println!("| place | call | by hand | idem |\n|---|---|--:|--:|");
    line("memory", &runtime, None::<&Ours>, &memory);
    if std::env::args().any(|argument| argument == "memory") {
        return;
    }
    for (flavour, place) in [(Flavour::Redis, "Redis 7"), (Flavour::Valkey, "Valkey 9")] {
        let url = Server::shared(flavour).url();
        let idem = runtime.block_on(Idem::builder().redis(&url).build());
        let by_hand = runtime.block_on(ByHand::connect(&url, Completion::lua()));
        let idem = Ours(idem.expect("the server answers"));
        line(place, &runtime, Some(&by_hand), &idem);
    }
}

/// Counts both kinds of calls at one place.
fn line(place: &str, runtime: &Runtime, by_hand: Option<&impl Guard>, ours: &Ours) {
    let by_hand = by_hand.map(|guard| counts(runtime, guard));
    let ours = counts(runtime, ours);
    for (at, call) in ["fresh", "duplicate"].into_iter().enumerate() {
        let by_hand = by_hand.map_or("–".to_owned(), |counts| format!("{:.1}", counts[at]));
        println!("| {place} | {call} | {by_hand} | {:.1} |", ours[at]);
    }
}

/// Allocations of a fresh call, and of a duplicate.
fn counts(runtime: &Runtime, guard: &impl Guard) -> [f64; 2] {
    let count = |orders: std::ops::Range<u64>| {
        let (calls, start) = (orders.end - orders.start, orders.start);
        let counted = allocation_counter::measure(|| {
            runtime.block_on(async {
                for order in orders {
                    let order = if start == 0 { order % COMPLETED } else { order };
                    assert!(guard.charge(order).await.is_of(order));
                }
            });
        });
        per_call(counted.count_total, calls)
    };
    count(0..COMPLETED); // completes them
    [count(COMPLETED..COMPLETED + CALLS), count(0..CALLS)]
}

#[expect(clippy::cast_precision_loss, reason = "some thousands")]
fn per_call(count: u64, calls: u64) -> f64 {
    count as f64 / calls as f64
}
