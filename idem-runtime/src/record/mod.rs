//! The record of one key: what a store keeps.

mod envelope;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod properties;
mod start;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use envelope::NO_CODEC;
pub(crate) use envelope::{Header, LONGEST_HOLDER};
pub(crate) use start::Start;

use crate::error::Source;

/// Who made an attempt: 128 random bits, made by the caller before it sends anything.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Owner([u8; 16]);

impl Owner {
    pub(crate) fn new() -> Self {
        // As one number: an array is drawn a byte at a time.
        Self(rand::random::<u128>().to_ne_bytes())
    }

    #[cfg(feature = "_sql")]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The owner of this number, in a model.
    #[cfg(feature = "testing")]
    pub(crate) fn numbered(number: u8) -> Self {
        Self(u128::from(number).to_le_bytes())
    }

    #[cfg(feature = "testing")]
    pub(crate) fn number(self) -> u8 {
        self.0[0]
    }
}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// Where an attempt is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// Claimed, and not settled yet.
    Running,
    /// Done: duplicates are answered from it.
    Completed,
    /// Given back: anybody may claim it, with the next fence.
    Free,
}

/// What a completed record has to say to a duplicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// That it is one: no result is stored.
    Nothing,
    /// The success.
    Success,
    /// The failure, where failures are results.
    Failure,
    /// That the result was too large, or would not encode.
    NotStored,
}

/// Why a record can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// Something else stands under the name.
    Foreign,
    /// Its checksum or its lengths are wrong.
    Damaged,
    /// A completed record of a later version of this library.
    Newer(u8),
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => f.write_str("it is not one of this library's"),
            Self::Damaged => f.write_str("it is damaged"),
            Self::Newer(version) => write!(f, "its format {version} is newer than this library"),
        }
    }
}

/// The record of one key, as its bytes: what a store keeps and compares.
///
/// A store treats it as opaque, but for [`retention`](Record::retention) (how long it is kept
/// after it was written or renewed) and [`lease`](Record::lease) (how long it is the owner's).
/// Clones share the bytes. Two records are equal when their bytes are.
///
/// ```
/// use idem::store::Record;
///
/// let foreign = Record::from_bytes(b"somebody else's value");
/// assert_eq!(foreign.state(), None);
/// ```
#[derive(Clone)]
pub struct Record {
    // The header is read off the bytes when it is asked for: it is larger than what most copies
    // of a record are made for.
    bytes: Arc<[u8]>,
    flaw: Option<Flaw>,
}

impl Record {
    /// Reads what a store has kept. Never fails: a value that is no record says so by its
    /// [`state`](Record::state).
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self { flaw: Header::check(bytes).err(), bytes: bytes.into() }
    }

    /// The bytes to keep.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its bytes up to the end of its fence: no record of another attempt, nor in another state, begins
    /// with them. `None` for a value that can't be read, which is nobody's.
    #[cfg(feature = "redis")]
    pub(crate) fn attempt(&self) -> Option<&[u8]> {
        self.bytes.get(..envelope::FENCE.end).filter(|_| self.flaw.is_none())
    }

    /// Where the attempt is; `None` for a value that can't be read.
    #[must_use]
    pub fn state(&self) -> Option<State> {
        self.header().ok().map(|header| header.state)
    }

    /// Who made the attempt.
    #[must_use]
    pub fn owner(&self) -> Option<Owner> {
        self.header().ok().map(|header| header.owner)
    }

    /// The number that grows with each attempt on the key; 0 for a value that can't be read.
    #[must_use]
    pub fn fence(&self) -> u64 {
        self.flaw.map_or_else(|| envelope::fence(&self.bytes), |_| 0)
    }

    /// How many attempts were made on the key, this one included.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.flaw.map_or_else(|| envelope::attempts(&self.bytes), |_| 0)
    }

    /// How many attempts of its window are spent, this one included while it runs; `None` for a
    /// record that counts none. What counts has its retention for a window: a store keeps it that
    /// long from the first claim, and at least a lease long while an attempt runs.
    #[must_use]
    pub fn spent(&self) -> Option<u32> {
        self.flaw.map_or_else(|| envelope::spent(&self.bytes), |_| None)
    }

    /// How long the claim stands without renewal, in whole milliseconds; zero where none can be
    /// read, and then it stands for as long as the record is kept.
    #[must_use]
    pub fn lease(&self) -> Duration {
        self.flaw.map_or_else(|| envelope::lease(&self.bytes), |_| Duration::ZERO)
    }

    /// How long the record is kept from when it was written or renewed, in whole milliseconds.
    #[must_use]
    pub fn retention(&self) -> Duration {
        self.flaw.map_or_else(|| envelope::retention(&self.bytes), |_| Duration::ZERO)
    }

    /// Who holds it, for people to read: `host/pid` unless the engine names another.
    #[must_use]
    pub fn holder(&self) -> &str {
        self.header().map_or("", |_| envelope::holder(&self.bytes))
    }

    #[inline]
    pub(crate) fn header(&self) -> Result<Header, Flaw> {
        self.flaw.map_or_else(|| Header::read(&self.bytes), Err)
    }

    pub(crate) fn body(&self) -> &[u8] {
        self.header().map_or(&[], |header| header.body(&self.bytes))
    }

    /// Writes a record without a result.
    pub(crate) fn of(header: Header, holder: &str) -> Self {
        envelope::write(header, holder, |_| Ok(())).unwrap_or_else(|_| unreachable!("no body"))
    }

    /// Writes a record and its result.
    ///
    /// # Errors
    ///
    /// What `encode` says.
    pub(crate) fn with_body(
        header: Header,
        holder: &str,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), Source>,
    ) -> Result<Self, Source> {
        envelope::write(header, holder, encode)
    }

    /// The record that follows this one in the same attempt: settled, with another state.
    pub(crate) fn next(&self, state: State, content: Content) -> Header {
        let header = self.header().unwrap_or_else(|flaw| unreachable!("settling a record: {flaw}"));
        // A free key is anybody's, with whatever arguments.
        let fingerprint = header.fingerprint.filter(|_| state != State::Free);
        let spent = match state {
            State::Running => header.spent,
            // Given back.
            State::Free => header.spent.map(|spent| spent.saturating_sub(1)),
            // Its result answers from now on, and no attempt is made any more.
            State::Completed => None,
        };
        Header { state, content, fingerprint, spent, ..header }
    }

    /// The free record that this attempt leaves when it gives the key back.
    pub(crate) fn freed(&self) -> Self {
        Self::of(self.next(State::Free, Content::Nothing), self.holder())
    }

    /// The same record under the fence that a store gave it.
    pub(crate) fn with_fence(&self, fence: u64) -> Self {
        Self::from_bytes(&envelope::with_fence(&self.bytes, fence))
    }

    /// A record as a node of another version would have written it.
    #[cfg(test)]
    pub(crate) fn with_version(header: Header) -> Self {
        let mut bytes = Self::of(header, "elsewhere/1").as_bytes().to_vec();
        bytes[4] = header.version;
        if header.version == envelope::VERSION {
            return Self::of(header, "elsewhere/1");
        }
        Self::from_bytes(&bytes)
    }

    /// Whether these bytes begin like a record that counts its attempts, damaged or not.
    #[cfg(feature = "redis")]
    pub(crate) fn seems_to_count(bytes: &[u8]) -> bool {
        envelope::seems_to_count(bytes)
    }
}

/// A codec's name as records keep it: padded, or hashed where it is longer than eight bytes or would
/// look like none.
pub(crate) fn codec_name(name: Option<&str>) -> [u8; 8] {
    let Some(name) = name else { return NO_CODEC };
    let mut kept = NO_CODEC;
    if let Some(start) = kept.get_mut(..name.len()) {
        start.copy_from_slice(name.as_bytes());
    }
    if kept == NO_CODEC {
        kept.copy_from_slice(&Sha256::digest(name.as_bytes())[..8]);
    }
    kept
}

impl PartialEq for Record {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Record {}

impl fmt::Debug for Record {
    /// Without the result: a payload has no place in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.header() {
            Ok(header) => f
                .debug_struct("Record")
                .field("state", &header.state)
                .field("owner", &header.owner)
                .field("fence", &header.fence)
                .field("holder", &self.holder())
                .finish_non_exhaustive(),
            Err(flaw) => f.debug_tuple("Record").field(&flaw).finish(),
        }
    }
}
