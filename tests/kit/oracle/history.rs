use std::collections::BTreeMap;
use std::time::Duration;

use super::{How, Moment, Run};

/// What was done about each key.
#[derive(Debug, Default)]
pub struct History {
    pub(super) keys: BTreeMap<String, Course>,
}

/// What was done about one key, each kind in the order in which it was written.
#[derive(Debug, Default)]
pub(super) struct Course {
    pub(super) runs: Vec<Run>,
    /// The values of runs that were about to free their key.
    pub(super) failed: Vec<String>,
    pub(super) answers: Vec<Answer>,
    pub(super) refusals: Vec<String>,
}

/// A value that a caller got.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) value: String,
    pub(super) how: How,
    pub(super) payload: u32,
    pub(super) at: Moment,
}

impl History {
    pub(super) fn of(entries: &[(String, String)]) -> Self {
        let mut history = Self::default();
        let whole =
            entries.iter().filter_map(|(key, note)| Some((key, note.strip_suffix(super::END)?)));
        for (key, note) in whole {
            let course = history.keys.entry(key.clone()).or_default();
            course.add(note).unwrap_or_else(|| panic!("no line of a journal: {key} {note}"));
        }
        history
    }

    /// What was done about the keys that `is_asked` picks.
    #[must_use]
    pub fn of_keys(self, is_asked: impl Fn(&str) -> bool) -> Self {
        Self { keys: self.keys.into_iter().filter(|(key, _)| is_asked(key)).collect() }
    }

    /// Whether anything was done about a key.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }

    /// How many bodies have begun.
    #[must_use]
    pub fn runs(&self) -> usize {
        self.keys.values().map(|course| course.runs.len()).sum()
    }

    /// How many callers have got a value.
    #[must_use]
    pub fn answers(&self) -> usize {
        self.keys.values().map(|course| course.answers.len()).sum()
    }

    /// How many of them have got it so.
    #[must_use]
    pub fn answers_so(&self, how: How) -> usize {
        self.keys.values().flat_map(|course| &course.answers).filter(|told| told.how == how).count()
    }

    /// How many callers were refused with this code.
    #[must_use]
    pub fn refusals(&self, code: &str) -> usize {
        self.keys.values().flat_map(|course| &course.refusals).filter(|told| *told == code).count()
    }
}

impl Course {
    fn add(&mut self, note: &str) -> Option<()> {
        let mut words = note.split(' ');
        match words.next()? {
            "started" => self.runs.push(Run {
                value: words.next()?.to_owned(),
                fence: words.next()?.parse().ok()?,
                payload: words.next()?.parse().ok()?,
                asked: moment(words.next()?)?,
                noted: moment(words.next()?)?,
            }),
            "fails" => self.failed.push(words.next()?.to_owned()),
            "answered" => self.answers.push(Answer {
                value: words.next()?.to_owned(),
                how: How::named(words.next()?)?,
                payload: words.next()?.parse().ok()?,
                at: moment(words.next()?)?,
            }),
            "refused" => self.refusals.push(words.next()?.to_owned()),
            _ => return None,
        }
        words.next().is_none().then_some(())
    }
}

fn moment(microseconds: &str) -> Option<Moment> {
    microseconds.parse().ok().map(Duration::from_micros)
}
