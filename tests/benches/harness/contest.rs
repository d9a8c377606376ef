use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use super::{Options, Slice, Spread, rounds, spent, spent_by_all};
use crate::charge::Guard;

/// How many callers there are at once, each with one call at a time.
pub(crate) const CALLERS: [usize; 4] = [1, 16, 64, 256];
/// How many completed orders the duplicates are of.
pub(crate) const COMPLETED: u64 = 1000;
/// The next order that nobody has asked for, in any line.
static NEXT: AtomicU64 = AtomicU64::new(COMPLETED);
/// Where the library stands among the contenders of a round.
pub(crate) const OURS: usize = 1;

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    /// Of an order of its own.
    Fresh,
    /// Of an order that is completed.
    Duplicate,
}

/// Contenders on one server.
pub(crate) struct Contest {
    pub(crate) options: Options,
    pub(crate) runtime: Runtime,
}

/// What a contender is asked, where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Task {
    pub(crate) call: Call,
    pub(crate) callers: usize,
    /// The server's process; none where it is this one.
    pub(crate) server: Option<u32>,
}

impl Contest {
    /// As the environment and the command line say.
    pub(crate) fn new() -> Self {
        let options = Options::read();
        Self { runtime: options.runtime(), options }
    }

    /// The same, for a single caller.
    pub(crate) fn alone() -> Self {
        Self { runtime: Options::single_thread(), options: Options::read() }
    }

    /// Completes the orders that duplicates are of.
    pub(crate) fn complete(&self, guard: &impl Guard) {
        self.runtime.block_on(async {
            for order in 0..COMPLETED {
                guard.charge(order).await;
            }
        });
    }

    /// One contender's turn: all callers call until the slice ends.
    pub(crate) fn turn<G: Guard>(&self, guard: G, task: Task) -> impl Fn() -> Slice {
        let cpu = move || [spent("self"), task.server.map_or(Duration::ZERO, spent_by_all)];
        move || {
            let cpu_before = cpu();
            let started = Instant::now();
            let end = started + self.options.slice;
            let caller = || {
                let guard = guard.clone();
                async move {
                    let mut latencies = Vec::with_capacity(1024);
                    let mut before = Instant::now();
                    while before < end {
                        let next = NEXT.fetch_add(1, Ordering::Relaxed);
                        let fresh = task.call == Call::Fresh;
                        let order = if fresh { next } else { next % COMPLETED };
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
                let callers: Vec<_> = (0..task.callers).map(|_| tokio::spawn(caller())).collect();
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

    /// Lets the contenders take turns.
    pub(crate) fn rounds<const N: usize>(
        &self,
        contenders: [&dyn Fn() -> Slice; N],
    ) -> Vec<[Slice; N]> {
        rounds(self.options.length, contenders)
    }
}

/// The columns of a line: the rates of the other and of the library, the ratios of throughput and
/// of these quantiles, and what processor time a call takes here and at the server.
pub(crate) fn columns<const N: usize>(
    rounds: &mut [[Slice; N]],
    other: usize,
    quantiles: &[usize],
) -> String {
    let rate = |at: usize| Spread::of(rounds.iter().map(|round| round[at].rate())).median;
    let (by_hand, idem) = (rate(other), rate(OURS));
    let throughput = Spread::of(rounds.iter().map(|r| r[OURS].rate() / r[other].rate()));
    let cpu = |who: usize, at: usize| {
        Spread::of(rounds.iter().map(|round| round[who].cpu_per_call()[at])).median
    };
    let cpu = [0, 1].map(|at| format!("{:.1} : {:.1}", cpu(OURS, at), cpu(other, at)));
    let mut columns = vec![format!("{by_hand:.0} | {idem:.0} | {throughput}")];
    for hundredths in quantiles {
        let ratio = |round: &mut [Slice; N]| {
            round[OURS].quantile(*hundredths) / round[other].quantile(*hundredths)
        };
        columns.push(Spread::of(rounds.iter_mut().map(ratio)).to_string());
    }
    columns.extend(cpu);
    columns.join(" | ") + " |"
}
