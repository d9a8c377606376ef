//! The library beside hand-written redis-rs, on the same server.
//!
//! ```text
//! cargo bench -p tests --bench redis                     # all of it, under 4 minutes
//! cargo bench -p tests --bench redis -- --quick
//! cargo bench -p tests --bench redis -- valkey fresh     # the lines with these words
//! cargo bench -p tests --bench redis -- counted          # those of `count` alone
//! cargo bench -p tests --bench redis -- token            # those of `token`, each issued and used
//! ```
//!
//! Prints a table in Markdown; [`harness::Options`] has what can be set. CPU times are idem's and
//! hand-written's, for one call.

mod charge;
#[allow(dead_code, reason = "the other benches use the rest")]
mod harness;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use charge::{ByHand, ByHandCounted, ByHandToken, Completion, Guard, Ours, OursCounted, OursToken};
use harness::{Options, Slice, Spread, rounds, spent};
use idem::Idem;
use kit::redis::{Flavour, Server};
use tokio::runtime::Runtime;

const CALLERS: [usize; 4] = [1, 16, 64, 256];
/// How many completed orders the duplicates are of.
const COMPLETED: u64 = 1000;

fn main() {
    let bench = Bench { options: Options::read(), runtime: Options::read().runtime() };
    println!(
        "| server | call | callers | by hand, calls/s | idem, calls/s | throughput | p99 | client CPU, µs | server CPU, µs | beside |\n\
         |---|---|--:|--:|--:|--:|--:|--:|--:|---|"
    );
    for flavour in Flavour::ALL {
        let server = Server::shared(flavour);
        for callers in CALLERS {
            bench.line(server, Call::Fresh, callers);
        }
        for callers in CALLERS {
            bench.line(server, Call::Duplicate, callers);
        }
        for call in [Call::Fresh, Call::Duplicate] {
            for callers in [1, 16, 64] {
                bench.counted_line(server, call, callers);
                bench.token_line(server, call, callers);
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    /// Of an order of its own.
    Fresh,
    /// Of an order that is completed.
    Duplicate,
}

struct Bench {
    options: Options,
    runtime: Runtime,
}

impl Bench {
    /// Measures one line of the table, and prints it.
    fn line(&self, server: &Server, call: Call, callers: usize) {
        let start = format!("| {} | {call:?} | {callers} |", name(server));
        if !self.options.asks_for(&start.to_lowercase()) {
            return;
        }
        let url = server.url();
        let (ours, lua, native) = self.runtime.block_on(async {
            server.client().await.flushall().await;
            let idem = Idem::builder().redis(&url).build().await.expect("the server answers");
            let lua = ByHand::connect(&url, Completion::lua()).await;
            (Ours(idem), lua, ByHand::connect(&url, Completion::IfEq).await)
        });
        let turn = (server, call, callers);
        let (ours, lua) = (self.turn(ours, turn), self.turn(lua, turn));
        if server.flavour() == Flavour::Valkey && call == Call::Fresh {
            let native = self.turn(native, turn);
            let mut rounds = rounds(self.options.length, [&lua, &ours, &native]);
            report(&start, "by hand with a script", &mut rounds, 0);
            report(&start, "by hand with `IFEQ`", &mut rounds, 2);
        } else {
            let mut rounds = rounds(self.options.length, [&lua, &ours]);
            report(&start, "by hand", &mut rounds, 0);
        }
    }

    /// The same of a call whose attempts are counted, beside a script that counts.
    fn counted_line(&self, server: &Server, call: Call, callers: usize) {
        let start = format!("| {} | {call:?}, counted | {callers} |", name(server));
        if !self.options.asks_for(&start.to_lowercase()) {
            return;
        }
        let url = server.url();
        let (ours, by_hand) = self.runtime.block_on(async {
            server.client().await.flushall().await;
            let idem = Idem::builder().redis(&url).build().await.expect("the server answers");
            (OursCounted(idem), ByHandCounted::connect(&url).await)
        });
        let turn = (server, call, callers);
        let (ours, by_hand) = (self.turn(ours, turn), self.turn(by_hand, turn));
        report(&start, "by hand", &mut rounds(self.options.length, [&by_hand, &ours]), 0);
    }

    /// The same of a call by a token, beside a JWT that is checked by hand. A fresh call's token is
    /// issued in its time, a duplicate's before.
    fn token_line(&self, server: &Server, call: Call, callers: usize) {
        let start = format!("| {} | {call:?}, by a token | {callers} |", name(server));
        if !self.options.asks_for(&start.to_lowercase()) {
            return;
        }
        let url = server.url();
        let issued = if call == Call::Fresh { 0 } else { COMPLETED };
        let (ours, by_hand) = self.runtime.block_on(async {
            server.client().await.flushall().await;
            let builder = Idem::builder().redis(&url).token_secret(charge::ours::TOKEN_SECRET);
            let idem = builder.build().await.expect("the server answers");
            let claims = ByHand::connect(&url, Completion::lua()).await;
            (OursToken::new(idem, issued), ByHandToken::new(claims, issued))
        });
        let turn = (server, call, callers);
        let (ours, by_hand) = (self.turn(ours, turn), self.turn(by_hand, turn));
        report(&start, "by hand", &mut rounds(self.options.length, [&by_hand, &ours]), 0);
    }

    /// One contender's turn: this many callers, each with one call at a time, until the slice ends.
    fn turn<G: Guard>(
        &self,
        guard: G,
        (server, call, callers): (&Server, Call, usize),
    ) -> impl Fn() -> Slice {
        let server = server.pid().to_string();
        let cpu = move || [spent("self"), spent(&server)];
        let next = Arc::new(AtomicU64::new(0));
        if call == Call::Duplicate {
            self.runtime.block_on(async {
                for order in 0..COMPLETED {
                    guard.charge(order).await;
                }
            });
        }
        move || {
            let cpu_before = cpu();
            let started = Instant::now();
            let end = started + self.options.slice;
            let caller = || {
                let (guard, next) = (guard.clone(), Arc::clone(&next));
                async move {
                    let mut latencies = Vec::with_capacity(1024);
                    let mut before = Instant::now();
                    while before < end {
                        let next = next.fetch_add(1, Ordering::Relaxed);
                        let order = if call == Call::Fresh { next } else { next % COMPLETED };
                        assert!(guard.charge(order).await.is_of(order));
                        let after = Instant::now();
                        let taken = after.duration_since(before).as_nanos();
                        latencies.push(u64::try_from(taken).expect("less than a century"));
                        before = after;
                    }
                    latencies
                }
            };
            let latencies = self.runtime.block_on(async {
                let callers: Vec<_> = (0..callers).map(|_| tokio::spawn(caller())).collect();
                let mut latencies = Vec::new();
                for caller in callers {
                    latencies.extend(caller.await.expect("a caller"));
                }
                latencies
            });
            let (elapsed, after) = (started.elapsed(), cpu());
            let cpu = std::array::from_fn(|at| after[at].saturating_sub(cpu_before[at]));
            Slice { elapsed, cpu, latencies }
        }
    }
}

fn name(server: &Server) -> &'static str {
    match server.flavour() {
        Flavour::Redis => "Redis 7",
        Flavour::Valkey => "Valkey 9",
    }
}

/// Where the library stands in a round.
const OURS: usize = 1;

fn report<const N: usize>(start: &str, beside: &str, rounds: &mut [[Slice; N]], other: usize) {
    let rate = |at: usize| Spread::of(rounds.iter().map(|round| round[at].rate())).median;
    let (by_hand, idem) = (rate(other), rate(OURS));
    let throughput = Spread::of(rounds.iter().map(|r| r[OURS].rate() / r[other].rate()));
    let p99 = Spread::of(rounds.iter_mut().map(|r| r[OURS].p99() / r[other].p99()));
    let cpu = |who: usize, at: usize| {
        Spread::of(rounds.iter().map(|round| round[who].cpu_per_call()[at])).median
    };
    let client = format!("{:.1} : {:.1}", cpu(OURS, 0), cpu(other, 0));
    let server = format!("{:.1} : {:.1}", cpu(OURS, 1), cpu(other, 1));
    println!(
        "{start} {by_hand:.0} | {idem:.0} | {throughput} | {p99} | {client} | {server} | {beside} |"
    );
}
