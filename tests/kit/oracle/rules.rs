use std::fmt;
use std::time::Duration;

use super::history::{Course, History};
use super::{How, Run};

/// What a strategy promises of a key.
#[derive(Debug, Clone)]
pub enum Promise {
    /// One live lease at a time, one stored result: `setnx`, `db`, `token`.
    Lease,
    /// The same, and never more attempts than this that did not end in a released `Err`: `count`.
    Limit(usize),
    /// Exactly one run is committed, of which these are the keys and values: `tx`, `state`.
    Committed(Vec<(String, String)>),
}

/// What a history can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The stored results of a key are all equal.
    Equal,
    /// Each result was produced by a run.
    Produced,
    /// Fences grow in the order of starts.
    Fences,
    /// A key runs again only after a lease has lapsed, or its run has freed it.
    Lapsed,
    /// Nothing runs after a result is stored.
    Settled,
    /// The limit of attempts.
    Limit,
    /// Exactly one run is committed, and its value is the result.
    Committed,
    /// A call with another payload never runs, and gets no result.
    Payload,
}

/// A rule that a key breaks.
#[derive(Debug)]
pub struct Violation {
    /// Which.
    pub rule: Rule,
    key: String,
    why: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}: {}", self.rule, self.key, self.why)
    }
}

/// How much earlier a store may find that a lease has lapsed than the machine's clock says: a Redis
/// reads its clock once a command, and in milliseconds.
const GRAIN: Duration = Duration::from_millis(5);

impl History {
    /// What it breaks of a promise; `lease` is that of all its calls. Where a transaction is what
    /// stands, `lease` is the least time for which one is open that nobody has killed.
    ///
    /// Calls with a payload of their own are to be made only of keys that have run.
    #[must_use]
    pub fn violations(&self, promise: &Promise, lease: Duration) -> Vec<Violation> {
        let mut all = Vec::new();
        for (key, course) in &self.keys {
            let mut found = |rule, why: String| all.push(Violation { rule, key: key.clone(), why });
            course.judge_results(&mut found);
            course.judge_fences(lease, &mut found);
            course.judge_payloads(&mut found);
            if let Promise::Committed(committed) = promise {
                let of_key = committed.iter().filter(|(of, _)| of == key);
                course
                    .judge_committed(&of_key.map(|(_, value)| &**value).collect::<Vec<_>>(), found);
                continue;
            }
            course.judge_leases(lease, &mut found);
            course.judge_settled(&mut found);
            if let Promise::Limit(limit) = promise
                && course.runs.len() > limit + course.failed.len()
            {
                found(Rule::Limit, format!("{} attempts of {limit}", course.runs.len()));
            }
        }
        all
    }
}

impl Course {
    /// The values that duplicates get.
    fn results(&self) -> impl Iterator<Item = &super::history::Answer> {
        self.answers.iter().filter(|answer| answer.how != How::Unstored)
    }

    fn run(&self, value: &str) -> Option<&Run> {
        self.runs.iter().find(|run| run.value == value)
    }

    fn judge_results(&self, found: &mut impl FnMut(Rule, String)) {
        let mut results: Vec<_> = self.results().map(|answer| &answer.value).collect();
        results.sort();
        results.dedup();
        if results.len() > 1 {
            found(Rule::Equal, format!("{results:?}"));
        }
        for answer in &self.answers {
            if self.run(&answer.value).is_none() {
                found(Rule::Produced, format!("{answer:?} of {:?}", self.runs));
            }
        }
    }

    /// A run that noted itself while its own claim stood for certain began after all that had
    /// noted themselves by then. One that was paused past that may have begun long before its note.
    fn judge_fences(&self, lease: Duration, found: &mut impl FnMut(Rule, String)) {
        for (at, run) in self.runs.iter().enumerate() {
            let stood = run.noted.saturating_sub(run.asked) + GRAIN < lease;
            let breaks = |before: &&Run| match run.fence.cmp(&before.fence) {
                std::cmp::Ordering::Less => stood,
                std::cmp::Ordering::Equal => true,
                std::cmp::Ordering::Greater => false,
            };
            if let Some(before) = self.runs[..at].iter().find(breaks) {
                found(Rule::Fences, format!("{before:?}, then {run:?}"));
            }
        }
    }

    fn judge_payloads(&self, found: &mut impl FnMut(Rule, String)) {
        let Some(first) = self.runs.first().map(|run| run.payload) else { return };
        if let Some(other) = self.runs.iter().find(|run| run.payload != first) {
            found(Rule::Payload, format!("it ran with {first}, then {other:?}"));
        }
        if let Some(other) = self.answers.iter().find(|answer| answer.payload != first) {
            found(Rule::Payload, format!("it ran with {first}, and {other:?} was told"));
        }
    }

    /// By their fences, since that is the order in which they were claimed.
    fn judge_leases(&self, lease: Duration, found: &mut impl FnMut(Rule, String)) {
        let mut runs: Vec<_> = self.runs.iter().collect();
        runs.sort_by_key(|run| run.fence);
        for (run, next) in runs.iter().zip(runs.iter().skip(1)) {
            let between = next.noted.saturating_sub(run.asked);
            if between + GRAIN < lease && !self.failed.contains(&run.value) {
                found(Rule::Lapsed, format!("{run:?}, and after {between:?} {next:?}"));
            }
        }
    }

    fn judge_settled(&self, found: &mut impl FnMut(Rule, String)) {
        let Some(settled) = self.results().map(|answer| answer.at).min() else { return };
        if let Some(late) = self.runs.iter().find(|run| run.asked > settled) {
            found(Rule::Settled, format!("{late:?}, after a result at {settled:?}"));
        }
    }

    fn judge_committed(&self, committed: &[&str], mut found: impl FnMut(Rule, String)) {
        let [value] = committed else {
            return found(Rule::Committed, format!("{committed:?} are committed"));
        };
        if self.run(value).is_none() {
            found(Rule::Produced, format!("{value} is committed"));
        }
        // Also one that its caller does not know to be stored: in a transaction it is, or is not.
        if let Some(other) = self.answers.iter().find(|answer| answer.value != *value) {
            found(Rule::Committed, format!("{value}, and a caller was told {other:?}"));
        }
    }
}
