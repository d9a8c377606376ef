//! The record that an attempt claims with.

use std::time::Duration;

use super::{Content, Header, Owner, Record, State, envelope};
use crate::key::Fingerprint;

/// What the running record of an attempt is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start<'a> {
    pub(crate) owner: Owner,
    pub(crate) lease: Duration,
    pub(crate) retention: Duration,
    pub(crate) fingerprint: Option<Fingerprint>,
    pub(crate) holder: &'a str,
    /// Milliseconds since 1970 by the caller's clock, for people to read.
    pub(crate) started: u64,
    /// Whether attempts are counted.
    pub(crate) counts: bool,
}

#[cfg(test)]
impl Start<'static> {
    /// Somebody's, of whom no more matters than these times.
    pub(crate) fn plain(lease: Duration, retention: Duration) -> Self {
        Self {
            owner: Owner::new(),
            lease,
            retention,
            fingerprint: None,
            holder: "host/1",
            started: 0,
            counts: false,
        }
    }
}

impl Record {
    /// The running record of an attempt, with the fence and the count that follow those of the record
    /// that it is `over`.
    pub(crate) fn running(start: &Start<'_>, over: Option<&Record>) -> Self {
        let spent = over.and_then(|judged| judged.header().ok()).map_or(0, |it| it.spent());
        let header = Header {
            version: envelope::VERSION,
            state: State::Running,
            content: Content::Nothing,
            codec: envelope::NO_CODEC,
            owner: start.owner,
            fence: over.map_or(1, |judged| judged.fence().saturating_add(1)),
            attempts: over.map_or(1, |judged| judged.attempts().saturating_add(1)),
            lease: start.lease,
            retention: start.retention,
            started: start.started,
            fingerprint: start.fingerprint,
            spent: start.counts.then(|| spent.saturating_add(1)),
            body: 0,
        };
        Self::of(header, start.holder)
    }
}
