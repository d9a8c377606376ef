//! The stored format of a record, version 1. Little endian.
//!
//! | bytes | what |
//! |---|---|
//! | 0..4 | `idem` |
//! | 4 | format version |
//! | 5 | state: 1 running, 2 completed, 3 free |
//! | 6 | content: 0 nothing, 1 success, 2 failure, 3 not stored |
//! | 7 | 1 if there is a fingerprint |
//! | 8..16 | codec's name, padded with zeros |
//! | 16..32 | owner |
//! | 32..40 | fence |
//! | 40..48 | lease, ms |
//! | 48..56 | retention, ms |
//! | 56..64 | start by the caller's clock, ms since 1970 |
//! | 64..72 | fingerprint's scheme |
//! | 72..104 | fingerprint |
//! | 104..108 | attempts |
//! | 108..112 | length of the body |
//! | 112..116 | CRC-32 of all bytes but these four |
//! | 116 | length of the holder |
//! | 117.. | holder, then the body |
//!
//! A later version may append, and may change what follows the checksum; the first 112 bytes are
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
const FENCE: Range<usize> = 32..40;
const CHECKSUM: Range<usize> = 112..116;
const HOLDER: usize = 116;
const FIXED: usize = HOLDER + 1;
/// What the scratch buffer may keep between two records.
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
    pub(crate) body: u32,
}

impl Header {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Flaw> {
        if bytes.len() < FIXED || &bytes[..4] != MAGIC {
            return Err(Flaw::Foreign);
        }
        let version = bytes[4];
        if version == 0 {
            return Err(Flaw::Foreign);
        }
        if version == VERSION && checksum(bytes) != u32::from_le_bytes(array(bytes, 112)) {
            return Err(Flaw::Damaged);
        }
        let state = match bytes[5] {
            1 => State::Running,
            2 => State::Completed,
            3 => State::Free,
            _ => return Err(if version > VERSION { Flaw::Newer(version) } else { Flaw::Damaged }),
        };
        if version > VERSION && state == State::Completed {
            return Err(Flaw::Newer(version));
        }
        let content = match bytes[6] {
            0 => Content::Nothing,
            1 => Content::Success,
            2 => Content::Failure,
            3 => Content::NotStored,
            _ => return Err(Flaw::Damaged),
        };
        let number = |at| u64::from_le_bytes(array(bytes, at));
        let header = Self {
            version,
            state,
            content,
            codec: array(bytes, 8),
            owner: Owner(array(bytes, 16)),
            fence: number(32),
            lease: Duration::from_millis(number(40)),
            retention: Duration::from_millis(number(48)),
            started: number(56),
            fingerprint: (bytes[7] == 1)
                .then(|| Fingerprint { scheme: number(64), hash: array(bytes, 72) }),
            attempts: u32::from_le_bytes(array(bytes, 104)),
            body: u32::from_le_bytes(array(bytes, 108)),
        };
        let length = FIXED + usize::from(bytes[HOLDER]) + header.body as usize;
        if version == VERSION && length != bytes.len() {
            return Err(Flaw::Damaged);
        }
        Ok(header)
    }

    pub(super) fn body<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        &bytes[bytes.len().saturating_sub(self.body as usize)..]
    }

    /// Whether a node of a later version wrote it.
    pub(crate) fn is_newer(&self) -> bool {
        self.version > VERSION
    }
}

/// The holder that a record's bytes name.
pub(super) fn holder(bytes: &[u8]) -> &str {
    let end = FIXED + usize::from(bytes[HOLDER]);
    bytes.get(FIXED..end).and_then(|holder| std::str::from_utf8(holder).ok()).unwrap_or("")
}

/// The same bytes under another fence. A later version's checksum is its own affair: no node of
/// this one looks at it.
pub(super) fn with_fence(bytes: &[u8], fence: u64) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[FENCE].copy_from_slice(&fence.to_le_bytes());
    if bytes[4] == VERSION {
        let sum = checksum(&bytes);
        bytes[CHECKSUM].copy_from_slice(&sum.to_le_bytes());
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
    let record = written.map(|header| Record { bytes: out.as_slice().into(), header: Ok(header) });
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
    mut header: Header,
    holder: &str,
    encode: impl FnOnce(&mut Vec<u8>) -> Result<(), Source>,
) -> Result<Header, Source> {
    let holder = &holder.as_bytes()[..holder.floor_char_boundary(LONGEST_HOLDER)];
    out.extend_from_slice(MAGIC);
    out.push(VERSION);
    out.push(match header.state {
        State::Running => 1,
        State::Completed => 2,
        State::Free => 3,
    });
    out.push(match header.content {
        Content::Nothing => 0,
        Content::Success => 1,
        Content::Failure => 2,
        Content::NotStored => 3,
    });
    out.push(u8::from(header.fingerprint.is_some()));
    out.extend_from_slice(&header.codec);
    out.extend_from_slice(&header.owner.0);
    out.extend_from_slice(&header.fence.to_le_bytes());
    out.extend_from_slice(&milliseconds(header.lease).to_le_bytes());
    out.extend_from_slice(&milliseconds(header.retention).to_le_bytes());
    out.extend_from_slice(&header.started.to_le_bytes());
    let (scheme, hash) =
        header.fingerprint.map_or((0, [0; 32]), |print| (print.scheme, print.hash));
    out.extend_from_slice(&scheme.to_le_bytes());
    out.extend_from_slice(&hash);
    out.extend_from_slice(&header.attempts.to_le_bytes());
    out.extend_from_slice(&[0; 8]);
    out.push(u8::try_from(holder.len()).unwrap_or(0));
    out.extend_from_slice(holder);
    let body = out.len();
    encode(out)?;
    header.version = VERSION;
    header.lease = Duration::from_millis(milliseconds(header.lease));
    header.retention = Duration::from_millis(milliseconds(header.retention));
    header.body = u32::try_from(out.len() - body)?;
    out[108..112].copy_from_slice(&header.body.to_le_bytes());
    let sum = checksum(out);
    out[CHECKSUM].copy_from_slice(&sum.to_le_bytes());
    Ok(header)
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut hash = crc32fast::Hasher::new();
    hash.update(&bytes[..CHECKSUM.start]);
    hash.update(&bytes[CHECKSUM.end..]);
    hash.finalize()
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[at..at + N]);
    array
}
