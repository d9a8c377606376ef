use std::time::{Duration, Instant};

/// What a contender did in its turns.
#[derive(Debug, Default)]
pub(crate) struct Slice {
    /// How long it took.
    pub(crate) elapsed: Duration,
    /// The processor time that this process and the server had for it.
    pub(crate) cpu: [Duration; 2],
    /// How long each call took, in nanoseconds.
    pub(crate) latencies: Vec<u64>,
}

impl Slice {
    /// Both turns as one.
    fn and(mut self, other: Self) -> Self {
        self.elapsed += other.elapsed;
        self.cpu = std::array::from_fn(|at| self.cpu[at] + other.cpu[at]);
        self.latencies.extend(other.latencies);
        self
    }

    /// Calls a second.
    #[expect(clippy::cast_precision_loss, reason = "a count of calls")]
    pub(crate) fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.elapsed.as_secs_f64()
    }

    /// Processor time of a call, in microseconds: this process', and the server's.
    #[expect(clippy::cast_precision_loss, reason = "a count of calls")]
    pub(crate) fn cpu_per_call(&self) -> [f64; 2] {
        self.cpu.map(|time| time.as_secs_f64() * 1e6 / self.latencies.len() as f64)
    }

    /// What so many of 100 calls took at most, in nanoseconds.
    #[expect(clippy::cast_precision_loss, reason = "nanoseconds of a short call")]
    pub(crate) fn quantile(&mut self, hundredths: usize) -> f64 {
        let at = self.latencies.len() * hundredths / 100;
        *self.latencies.select_nth_unstable(at).1 as f64
    }
}

/// One slice of each contender, made of two turns.
type Round<const N: usize> = [Slice; N];

/// Lets the contenders take turns for `length`: A B B A for two of them, A B C C B A for three.
/// The first round warms up, and is not counted.
pub(crate) fn rounds<const N: usize>(
    length: Duration,
    contenders: [&dyn Fn() -> Slice; N],
) -> Vec<Round<N>> {
    let round = || -> Round<N> {
        let forth: Vec<_> = contenders.iter().map(|turn| turn()).collect();
        let mut back: Vec<_> = contenders.iter().rev().map(|turn| turn()).collect();
        let mut slices = forth.into_iter();
        std::array::from_fn(|_| {
            let (first, second) = (slices.next(), back.pop());
            first.unwrap_or_default().and(second.unwrap_or_default())
        })
    };
    round();
    let end = Instant::now() + length;
    let mut rounds = vec![round()];
    while Instant::now() < end {
        rounds.push(round());
    }
    rounds
}
