//! What a guarded call costs where no server is asked: `Idem::in_memory()`, a body that is ready
//! at once, a small result.
//!
//! ```text
//! cargo bench -p tests --bench memory [-- --quick]
//! ```
//!
//! The times are medians (and quartiles) of slices of a few thousand calls, on one thread unless
//! the line says more; the fastest slice is what remains where other programs ran beside. What is
//! allocated is counted by `--bench allocations`, whose allocator would cost time here.

#[allow(dead_code, unused_imports, reason = "the other benches use the rest")]
mod charge;
#[allow(dead_code, unused_imports, reason = "the other benches use the rest")]
mod harness;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use charge::{Guard, Ours, body};
use harness::{Options, Spread};
use idem::{Error, Idem, Plan};
use tokio::runtime::{Builder, Runtime};

/// How many calls are timed as one.
const SLICE: u64 = 5_000;
/// How many completed orders the duplicates are of.
const COMPLETED: u64 = 1000;

fn main() {
    let options = Options::read();
    println!("| call | ns a call | fastest slice |\n|---|--:|--:|");
    let report = |line: &str, run: &mut dyn FnMut() -> f64| {
        if !options.asks_for(line) {
            return;
        }
        run();
        let end = Instant::now() + options.length;
        let mut times = vec![run()];
        while Instant::now() < end {
            times.push(run());
        }
        let times = Spread::of(times);
        println!("| {line} | {times:.0} | {:.0} |", times.least);
    };
    let alone = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let next = AtomicU64::new(0);
    let fresh = || next.fetch_add(1, Ordering::Relaxed);
    let duplicate = || fresh() % COMPLETED;
    report("fresh", &mut || one_thread(&alone, &engine(&alone), fresh));
    let completed = engine(&alone);
    report("duplicate", &mut || one_thread(&alone, &completed, duplicate));
    report("one leader and 15 followers that wait", &mut || followers(&alone));

    let two =
        Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    report("fresh, on 2 threads", &mut || two_threads(&two, &engine(&two), fresh));
    report("duplicate, on 2 threads", &mut || two_threads(&two, &completed, duplicate));
}

/// An engine that holds some completed orders, far from the fresh ones.
fn engine(runtime: &Runtime) -> Ours {
    let ours = Ours(Idem::in_memory());
    runtime.block_on(async {
        for order in 0..COMPLETED {
            ours.charge(order).await;
        }
    });
    ours
}

fn one_thread(runtime: &Runtime, ours: &Ours, order: impl Fn() -> u64) -> f64 {
    runtime.block_on(async {
        let started = Instant::now();
        for _ in 0..SLICE {
            ours.charge(order()).await;
        }
        per_call(started.elapsed(), SLICE)
    })
}

/// The time that a call takes on either of two threads that call at once.
fn two_threads(runtime: &Runtime, ours: &Ours, order: impl Fn() -> u64 + Sync) -> f64 {
    std::thread::scope(|scope| {
        let thread = || one_thread(runtime, ours, &order);
        let (one, other) = (scope.spawn(thread), scope.spawn(thread));
        let (one, other) = (one.join().expect("calls"), other.join().expect("calls"));
        f64::midpoint(one, other)
    })
}

/// Sixteen calls of one key at once, of which one runs and the others follow it.
fn followers(runtime: &Runtime) -> f64 {
    const GROUP: u64 = 16;
    const WAITING: Plan = Plan::setnx().wait(Duration::from_secs(5));
    let ours = Ours(Idem::in_memory());
    runtime.block_on(async {
        let started = Instant::now();
        for order in 0..SLICE / GROUP {
            let calls: Vec<_> = (0..GROUP)
                .map(|_| {
                    let Ours(idem) = ours.clone();
                    tokio::spawn(async move {
                        let body = async {
                            tokio::task::yield_now().await;
                            Ok::<_, Error>(body(order).await)
                        };
                        idem.call(&WAITING, idem::key!("charge:{order}"), body).await
                    })
                })
                .collect();
            for call in calls {
                call.await.expect("a call").expect("a receipt");
            }
        }
        per_call(started.elapsed(), SLICE)
    })
}

#[expect(clippy::cast_precision_loss, reason = "some millions of nanoseconds")]
fn per_call(elapsed: Duration, calls: u64) -> f64 {
    elapsed.as_nanos() as f64 / calls as f64
}
