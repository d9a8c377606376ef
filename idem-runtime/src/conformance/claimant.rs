//! The records of attempts, written as the library writes them.

use std::time::Duration;

use crate::record::{Content, Owner, Record, Start, State};
use crate::store::Change;

/// One attempt, as a store sees it: an owner of its own, and the records that it sends.
///
/// For the suite, and for a store author's own tests, which need records to claim and settle with.
///
/// ```
/// use idem::conformance::{Claimant, completed};
/// use idem::store::{Change, Claim, Claimed, Memory, Name, Settled, Store};
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let (store, name) = (Memory::new(), Name::new("idem:charge:7"));
/// let running = Claimant::new().claims();
/// let claimed = store.claim(Claim::new(&name, &running, None)).await?;
/// assert_eq!(claimed, Claimed::Won { fence: 1 });
///
/// let done = completed(&running, b"\"a receipt\"");
/// let settled = store.settle(&name, &running, Change::Complete(&done)).await?;
/// assert_eq!(settled, Settled::Done);
/// # Ok::<(), idem::store::StoreError>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Claimant {
    owner: Owner,
    lease: Duration,
    retention: Duration,
    counts: bool,
}

impl Default for Claimant {
    fn default() -> Self {
        Self::new()
    }
}

impl Claimant {
    /// An attempt by a new owner, with a lease of one minute and a retention of two: longer than a
    /// test takes.
    #[must_use]
    pub fn new() -> Self {
        let (lease, retention) = (Duration::from_mins(1), Duration::from_mins(2));
        Self { owner: Owner::new(), lease, retention, counts: false }
    }

    /// The same attempt with this lease, in whole milliseconds. Zero writes a record whose lease
    /// can't be read: it is owned for as long as it is kept.
    #[must_use]
    pub fn lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    /// The same attempt with this retention, in whole milliseconds.
    #[must_use]
    pub fn retention(self, retention: Duration) -> Self {
        Self { retention, ..self }
    }

    /// The same attempt, counted: its retention is the window that it counts in.
    #[must_use]
    pub fn counted(self) -> Self {
        Self { counts: true, ..self }
    }

    /// The running record that it claims an absent name with: fence and attempts are 1.
    #[must_use]
    pub fn claims(&self) -> Record {
        self.running(None)
    }

    /// The running record that it takes `judged` over with: fence and attempts are one higher.
    #[must_use]
    pub fn claims_over(&self, judged: &Record) -> Record {
        self.running(Some(judged))
    }

    fn running(&self, over: Option<&Record>) -> Record {
        let start = Start {
            owner: self.owner,
            lease: self.lease,
            retention: self.retention,
            fingerprint: None,
            holder: "conformance",
            started: 0,
            counts: self.counts,
        };
        Record::running(&start, over)
    }
}

/// The record that completes `running` with a result of these bytes.
///
/// # Panics
///
/// When `running` is no readable record, and for a result of 4 GiB or more.
#[must_use]
pub fn completed(running: &Record, result: &[u8]) -> Record {
    let header = running.next(State::Completed, Content::Success);
    let encode = |out: &mut Vec<u8>| {
        out.extend_from_slice(result);
        Ok(())
    };
    Record::with_body(header, running.holder(), encode).expect("a result under 4 GiB")
}

/// The free record that `running` leaves when its attempt gives the name back.
///
/// # Panics
///
/// When `running` is no readable record.
#[must_use]
pub fn freed(running: &Record) -> Record {
    running.freed()
}

/// The change that puts a settled record in the running one's place.
pub(super) fn change_to(settled: &Record) -> Change<'_> {
    match settled.state() {
        Some(State::Completed) => Change::Complete(settled),
        _ => Change::Release(settled),
    }
}

/// The record as a node of the next version would have written it: with more at its end.
pub(super) fn newer(running: &Record) -> Record {
    let mut bytes = running.as_bytes().to_vec();
    bytes[4] += 1;
    bytes.extend_from_slice(b"of the next version");
    Record::from_bytes(&bytes)
}
