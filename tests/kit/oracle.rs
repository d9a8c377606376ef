//! What a system under faults has done, and whether that keeps its promises.
//!
//! Workers write a [`Journal`]: each body as its first act, each caller when it has its answer. It is
//! a [ledger](crate::ledger) that outlives all of them and is no store under test. Afterwards
//! [`History::violations`] holds it against the [rules](Rule), without asking the store anything.

mod history;
mod rules;

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use history::History;
pub use rules::{Promise, Rule, Violation};

use crate::ledger::Ledger;

/// A body that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its name, and the value that it answers with: no other run has it.
    pub value: String,
    /// Its fence.
    pub fence: u64,
    /// Which payload it was called with.
    pub payload: u32,
    /// When its caller asked: before anything was sent.
    pub asked: Moment,
    /// When the body noted itself.
    pub noted: Moment,
}

/// How a caller got a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Its own body ran, and the result is known to be stored.
    Stored,
    /// Its own body ran, and whether the result is stored is not known.
    Unstored,
    /// It is the result of another call.
    Replayed,
}

/// Since 1970, by the one clock of the machine that all workers are on.
pub type Moment = Duration;

/// Now, for a [`Run`].
///
/// # Panics
///
/// When the machine's clock stands before 1970.
#[must_use]
pub fn now() -> Moment {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970")
}

/// What a note ends with. One without it was cut off: its writer was killed in the middle.
const END: &str = " .";

/// What workers write.
///
/// ```
/// use kit::oracle::{How, Journal, Promise, Run, now};
///
/// let journal = Journal::new();
/// let run = Run { value: "a-1".to_owned(), fence: 1, payload: 0, asked: now(), noted: now() };
/// journal.started("charge:1", &run);
/// journal.answered("charge:1", 0, &run.value, How::Stored);
/// let history = journal.history();
/// assert!(history.violations(&Promise::Lease, std::time::Duration::from_secs(1)).is_empty());
/// ```
#[derive(Debug, Default)]
pub struct Journal(Ledger);

impl Journal {
    /// A new one, in a temporary folder.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The one at `path`, which another process made and keeps.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(Ledger::at(path))
    }

    /// Where it is, to pass to another process.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// A body of `key` has begun: its first act.
    pub fn started(&self, key: &str, run: &Run) {
        let Run { value, fence, payload, asked, noted } = run;
        let [asked, noted] = [asked, noted].map(Duration::as_micros);
        self.note(key, &format!("started {value} {fence} {payload} {asked} {noted}"));
    }

    /// The body of this value is about to end in an `Err` that frees the key.
    pub fn fails(&self, key: &str, value: &str) {
        self.note(key, &format!("fails {value}"));
    }

    /// A caller with this payload has got `value`.
    pub fn answered(&self, key: &str, payload: u32, value: &str, how: How) {
        let (how, now) = (how.word(), now().as_micros());
        self.note(key, &format!("answered {value} {how} {payload} {now}"));
    }

    /// A caller has been refused.
    pub fn refused(&self, key: &str, code: &str) {
        self.note(key, &format!("refused {code}"));
    }

    fn note(&self, key: &str, note: &str) {
        self.0.append(key, &format!("{note}{END}"));
    }

    /// All that was written so far.
    #[must_use]
    pub fn history(&self) -> History {
        History::of(&self.0.entries())
    }

    /// What was written about one key.
    #[must_use]
    pub fn history_of(&self, key: &str) -> History {
        History::of(&self.0.entries_of(|of| of == key))
    }
}

impl How {
    const ALL: [Self; 3] = [Self::Stored, Self::Unstored, Self::Replayed];

    fn word(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Unstored => "unstored",
            Self::Replayed => "replayed",
        }
    }

    fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|how| how.word() == word)
    }
}
