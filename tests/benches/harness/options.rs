use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

/// How long is measured, and what of it.
///
/// | environment | default | |
/// |---|---|---|
/// | `IDEM_BENCH_SECONDS` | 8 | for each line of a table |
/// | `IDEM_BENCH_SLICE_MS` | 50 | one contender's turn |
/// | `IDEM_BENCH_THREADS` | 2 | of the runtime that makes the calls |
///
/// As arguments: `--quick` measures a fifth of a second for each line, to see that it works; any other
/// word selects the lines that contain it.
#[derive(Debug)]
pub(crate) struct Options {
    /// For each line.
    pub(crate) length: Duration,
    /// One contender's turn.
    pub(crate) slice: Duration,
    /// Of the runtime that makes the calls.
    pub(crate) threads: usize,
    words: Vec<String>,
}

impl Options {
    /// What the environment and the command line say.
    ///
    /// # Panics
    ///
    /// When a variable is no whole number.
    pub(crate) fn read() -> Self {
        // cargo passes `--bench`.
        let (flags, words): (Vec<_>, Vec<_>) =
            std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
        let quick = flags.iter().any(|flag| flag == "--quick");
        let length = if quick {
            Duration::from_millis(200)
        } else {
            Duration::from_secs(number("IDEM_BENCH_SECONDS", 8))
        };
        Self {
            length,
            slice: Duration::from_millis(number("IDEM_BENCH_SLICE_MS", 50)),
            threads: usize::try_from(number("IDEM_BENCH_THREADS", 2)).expect("a few threads"),
            words,
        }
    }

    /// Whether a line is asked for.
    pub(crate) fn asks_for(&self, line: &str) -> bool {
        self.words.iter().all(|word| line.contains(word.as_str()))
    }

    /// Whether this one of `all` may be asked for: no other of them is named.
    pub(crate) fn asks_for_one(&self, one: &str, all: &[&str]) -> bool {
        self.words.iter().all(|word| word == one || !all.contains(&word.as_str()))
    }

    /// A runtime as a program would have.
    pub(crate) fn runtime(&self) -> Runtime {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(self.threads).enable_all().build().expect("a runtime")
    }

    /// A runtime for one caller. On several threads it and its connection's task wake each other
    /// across them or on one, as it happens to be for as long as the connection lives, and that is
    /// then most of what is measured.
    pub(crate) fn single_thread() -> Runtime {
        Builder::new_current_thread().enable_all().build().expect("a runtime")
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}
