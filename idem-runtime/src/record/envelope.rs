//! The stored format of a record, version 1. Little endian.
//!
//! | bytes | what |
//! |---|---|
//! | 0..4 | `idem` |
//! | 4 | format version |
//! | 5 | state: 1 running, 2 completed, 3 free |
//! | 6 | content: 0 nothing, 1 success, 2 failure, 3 not stored |
//! | 7 | what follows the fixed part, added up: 1 a fingerprint, 2 a codec, 4 a count |
//! | 8..24 | owner |
//! | 24..32 | fence |
//! | 32..38 | lease, ms |
//! | 38..44 | retention, ms |
//! | 44..50 | start by the caller's clock, ms since 1970 |
//! | 50..54 | attempts |
//! | 54..58 | length of the body |
//! | 58 | length of the holder |
//! | 59.. | fingerprint: 8 bytes of scheme, 32 of hash |
//! | | count: 4 bytes, the attempts that are spent |
//! | | codec's name, padded with zeros to 8 bytes |
//! | | holder |
//! | | body |
//! | last 4 | CRC-32 of all bytes before |
//!
//! A later version may change what follows the count, and may append; what stands before is
//! readable by every version, so that a node of an older one knows a running record for what it is.

use std::cell::Cell;
use std::ops::Range;
use std::time::Duration;

use super::{Content, Flaw, Owner, Record, State};
use crate::error::Source;
use crate::key::Fingerprint;

pub(super) const VERSION: u8 = 1;
/// The codec's name in a record without a result.
pub(crate) const NO_CODEC: [u8; 8] = [0; 8];
/// The longest holder that is kept, in bytes.
pub(crate) const LONGEST_HOLDER: usize = 64;

const MAGIC: &[u8; 4] = b"idem";
pub(super) const FENCE: Range<usize> = 24..32;
const FIXED: usize = 59;
const CHECKSUM: usize = 4;
const HAS_FINGERPRINT: u8 = 1;
const HAS_CODEC: u8 = 2;
const HAS_COUNT: u8 = 4;
const FINGERPRINT: usize = 40;
const COUNT: usize = 4;
const CODEC: usize = 8;
/// The largest scratch buffer, in bytes, that is kept for the next record.
const SCRATCH: usize = 64 * 1024;

/// All of a record but its holder and its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) version: u8,
    pub(crate) state: State,
    pub(crate) content: Content,
    pub(crate) codec: [u8; 8],
    pub(crate) owner: Owner,
    pub(crate) fence: u64,
    pub(crate) lease: Duration,
    pub(crate) retention: Duration,
    pub(crate) started: u64,
    pub(crate) fingerprint: Option<Fingerprint>,
    pub(crate) attempts: u32,
    /// How many attempts of the window are spent, where they are counted.
    pub(crate) spent: Option<u32>,
    pub(crate) body: u32,
}

impl Header {
    /// Whether these are the bytes of a record, undamaged: what [`read`](Self::read) relies on.
    pub(super) fn check(bytes: &[u8]) -> Result<(), Flaw> {
        if bytes.len() < FIXED || &bytes[..4] != MAGIC || bytes[4] == 0 {
            return Err(Flaw::Foreign);
        }
        let own = bytes[4] == VERSION;
        if own {
            let Some((content, sum)) = bytes.split_last_chunk() else { return Err(Flaw::Damaged) };
            if crc32fast::hash(content) != u32::from_le_bytes(*sum) {
                return Err(Flaw::Damaged);
            }
        }
        let header = Self::read(bytes)?;
        let length = holder_at(bytes) + usize::from(bytes[58]) + header.body as usize + CHECKSUM;
        if own && length != bytes.len() {
            return Err(Flaw::Damaged);
        }
        Ok(())
    }

    #[inline]
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Flaw> {
        let Some(fixed) = bytes.first_chunk::<FIXED>() else { return Err(Flaw::Foreign) };
        let version = fixed[4];
        let state = match fixed[5] {
            1 => State::Running,
            2 => State::Completed,
            3 => State::Free,
            _ => return Err(if version > VERSION { Flaw::Newer(version) } else { Flaw::Damaged }),
        };
        if version > VERSION && state == State::Completed {
            return Err(Flaw::Newer(version));
        }
        let content = match fixed[6] {
            0 => Content::Nothing,
            1 => Content::Success,
            2 => Content::Failure,
            3 => Content::NotStored,
            _ => return Err(Flaw::Damaged),
        };
        let fingerprint = match fixed[7] & HAS_FINGERPRINT {
            0 => None,
            _ => Some(fingerprint(bytes).ok_or(Flaw::Damaged)?),
        };
        Ok(Self {
            version,
            state,
            content,
            codec: codec(bytes),
            owner: Owner(array(fixed, 8)),
            fence: fence(bytes),
            lease: lease(bytes),
            retention: retention(bytes),
            started: milliseconds_at(fixed, 44),
            fingerprint,
            attempts: attempts(bytes),
            spent: spent(bytes),
            body: u32::from_le_bytes(array(fixed, 54)),
        })
    }

    pub(super) fn body<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let end = bytes.len().saturating_sub(CHECKSUM);
        &bytes[end.saturating_sub(self.body as usize)..end]
    }

    /// How many attempts are spent. A record that counts none speaks for its own attempt alone, while it
    /// runs.
    pub(crate) fn spent(&self) -> u32 {
        self.spent.unwrap_or_else(|| u32::from(self.state == State::Running))
    }

    /// Whether a node of a later version wrote it.
    pub(crate) fn is_newer(&self) -> bool {
        self.version > VERSION
    }
}

// One field of a record that was checked.

#[inline]
pub(super) fn fence(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(array(bytes, 24))
}

#[inline]
pub(super) fn lease(bytes: &[u8]) -> Duration {
    Duration::from_millis(milliseconds_at(bytes, 32))
}

#[inline]
pub(super) fn retention(bytes: &[u8]) -> Duration {
    Duration::from_millis(milliseconds_at(bytes, 38))
}

#[inline]
pub(super) fn attempts(bytes: &[u8]) -> u32 {
    u32::from_le_bytes(array(bytes, 50))
}

pub(super) fn holder(bytes: &[u8]) -> &str {
    let start = holder_at(bytes);
    let holder = bytes.get(start..start + usize::from(bytes[58]));
    holder.and_then(|holder| std::str::from_utf8(holder).ok()).unwrap_or("")
}

fn fingerprint(bytes: &[u8]) -> Option<Fingerprint> {
    let print = bytes.get(FIXED..FIXED + FINGERPRINT)?;
    Some(Fingerprint { scheme: u64::from_le_bytes(array(print, 0)), hash: array(print, 8) })
}

fn count_at(bytes: &[u8]) -> usize {
    if bytes[7] & HAS_FINGERPRINT == 0 { FIXED } else { FIXED + FINGERPRINT }
}

pub(super) fn spent(bytes: &[u8]) -> Option<u32> {
    if bytes[7] & HAS_COUNT == 0 {
        return None;
    }
    let at = count_at(bytes);
    bytes.get(at..at + COUNT).map(|spent| u32::from_le_bytes(array(spent, 0)))
}

/// Whether these bytes begin like a record that counts its attempts, damaged or not.
#[cfg(feature = "redis")]
pub(super) fn seems_to_count(bytes: &[u8]) -> bool {
    bytes.len() >= FIXED && &bytes[..4] == MAGIC && bytes[7] & HAS_COUNT != 0
}

fn codec_at(bytes: &[u8]) -> usize {
    let count = if bytes[7] & HAS_COUNT == 0 { 0 } else { COUNT };
    count_at(bytes) + count
}

fn codec(bytes: &[u8]) -> [u8; CODEC] {
    if bytes[7] & HAS_CODEC == 0 {
        return NO_CODEC;
    }
    let at = codec_at(bytes);
    bytes.get(at..at + CODEC).map_or(NO_CODEC, |codec| array(codec, 0))
}

fn holder_at(bytes: &[u8]) -> usize {
    let codec = if bytes[7] & HAS_CODEC == 0 { 0 } else { CODEC };
    codec_at(bytes) + codec
}

/// The same bytes under another fence. A later version's checksum is its own affair: no node of
/// this one looks at it.
pub(super) fn with_fence(bytes: &[u8], fence: u64) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[FENCE].copy_from_slice(&fence.to_le_bytes());
    if bytes[4] == VERSION {
        let end = bytes.len() - CHECKSUM;
        let sum = crc32fast::hash(&bytes[..end]);
        bytes[end..].copy_from_slice(&sum.to_le_bytes());
    }
    bytes
}

/// Writes a record: one allocation, whatever the size of its body.
pub(super) fn write(
    header: Header,
    holder: &str,
    encode: impl FnOnce(&mut Vec<u8>) -> Result<(), Source>,
) -> Result<Record, Source> {
    // Taken, not borrowed: an encoder that makes a call of its own finds a fresh one.
    let mut out = BUFFER.take();
    out.clear();
    let written = fill(&mut out, header, holder, encode);
    let record = written.map(|()| Record { bytes: out.as_slice().into(), flaw: None });
    if out.capacity() <= SCRATCH {
        BUFFER.set(out);
    }
    record
}

thread_local! {
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

fn fill(
    out: &mut Vec<u8>,
    header: Header,
    holder: &str,
    encode: impl FnOnce(&mut Vec<u8>) -> Result<(), Source>,
) -> Result<(), Source> {
    let holder = &holder.as_bytes()[..holder.floor_char_boundary(LONGEST_HOLDER)];
    let has_codec = header.codec != NO_CODEC;
    let mut fixed = [0; FIXED];
    fixed[..4].copy_from_slice(MAGIC);
    fixed[4] = VERSION;
    fixed[5] = match header.state {
        State::Running => 1,
        State::Completed => 2,
        State::Free => 3,
    };
    fixed[6] = match header.content {
        Content::Nothing => 0,
        Content::Success => 1,
        Content::Failure => 2,
        Content::NotStored => 3,
    };
    fixed[7] = if header.fingerprint.is_some() { HAS_FINGERPRINT } else { 0 };
    fixed[7] |= if has_codec { HAS_CODEC } else { 0 };
    fixed[7] |= if header.spent.is_some() { HAS_COUNT } else { 0 };
    fixed[8..24].copy_from_slice(&header.owner.0);
    fixed[24..32].copy_from_slice(&header.fence.to_le_bytes());
    fixed[32..38].copy_from_slice(&milliseconds(header.lease)[..6]);
    fixed[38..44].copy_from_slice(&milliseconds(header.retention)[..6]);
    fixed[44..50].copy_from_slice(&header.started.min(LATEST).to_le_bytes()[..6]);
    fixed[50..54].copy_from_slice(&header.attempts.to_le_bytes());
    fixed[58] = u8::try_from(holder.len()).unwrap_or(0);
    out.reserve(FIXED + FINGERPRINT + COUNT + CODEC + LONGEST_HOLDER + CHECKSUM);
    out.extend_from_slice(&fixed);
    if let Some(print) = header.fingerprint {
        out.extend_from_slice(&print.scheme.to_le_bytes());
        out.extend_from_slice(&print.hash);
    }
    if let Some(spent) = header.spent {
        out.extend_from_slice(&spent.to_le_bytes());
    }
    if has_codec {
        out.extend_from_slice(&header.codec);
    }
    out.extend_from_slice(holder);
    let body = out.len();
    encode(out)?;
    if out.len() < body || out[..FIXED] != fixed {
        return Err("its codec has replaced what it was to append to".into());
    }
    let body = u32::try_from(out.len() - body)?;
    out[54..58].copy_from_slice(&body.to_le_bytes());
    let sum = crc32fast::hash(out);
    out.extend_from_slice(&sum.to_le_bytes());
    Ok(())
}

/// The greatest number of milliseconds that six bytes hold: some 8,900 years.
const LATEST: u64 = (1 << 48) - 1;

fn milliseconds(time: Duration) -> [u8; 8] {
    u64::try_from(time.as_millis()).unwrap_or(LATEST).min(LATEST).to_le_bytes()
}

fn milliseconds_at(bytes: &[u8], at: usize) -> u64 {
    let mut number = [0; 8];
    number[..6].copy_from_slice(&bytes[at..at + 6]);
    u64::from_le_bytes(number)
}

#[inline]
fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[at..at + N]);
    array
}
