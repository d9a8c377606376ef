//! A record as a row, and a row as a record.

use std::borrow::Cow;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::record::{Owner, Record, State};
#[cfg(any(feature = "postgres", feature = "sqlite"))]
use crate::store::{Claimed, StoreError};
use crate::store::{Found, Lease, Name};

/// What a record says in columns of its own. The envelope has it too; the columns are what
/// statements compare and what people read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a> {
    pub(super) state: i16,
    pub(super) owner: Option<Owner>,
    pub(super) fence: i64,
    pub(super) attempts: i32,
    pub(super) holder: &'a str,
    /// In milliseconds; `None` where none can be read.
    pub(super) lease: Option<i64>,
    /// In milliseconds.
    pub(super) retention: i64,
    pub(super) record: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) fn of(record: &'a Record) -> Self {
        Self {
            state: match record.state() {
                Some(State::Running) => 1,
                Some(State::Completed) => 2,
                Some(State::Free) => 3,
                None => 0,
            },
            owner: record.owner(),
            fence: i64::try_from(record.fence()).unwrap_or(i64::MAX),
            attempts: i32::try_from(record.attempts()).unwrap_or(i32::MAX),
            holder: record.holder(),
            lease: Some(milliseconds(record.lease())).filter(|lease| *lease > 0),
            retention: milliseconds(record.retention()),
            record: record.as_bytes(),
        }
    }

    /// Empty for what is no record.
    pub(super) fn owner(&self) -> &[u8] {
        self.owner.as_ref().map_or(&[], Owner::as_bytes)
    }

    pub(super) fn judged(&self) -> Judged<'_> {
        Judged { state: self.state, owner: self.owner().into(), fence: self.fence }
    }
}

/// What identifies the record that a claim is over, or that is purged.
#[derive(Debug)]
pub(super) struct Judged<'a> {
    pub(super) state: i16,
    pub(super) owner: Cow<'a, [u8]>,
    pub(super) fence: i64,
}

/// The answer to a claim that was won, by the fence that the database chose.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(super) fn won(fence: Result<i64, sqlx::Error>) -> Result<Claimed, StoreError> {
    let fence = fence.map_err(StoreError::unknown)?;
    Ok(Claimed::Won { fence: fence.unsigned_abs() })
}

/// What a database can add to its clock: a thousand years.
pub(super) const LONGEST: i64 = 1000 * 366 * 24 * 3600 * 1000;

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(LONGEST).min(LONGEST)
}

/// What stands under a name, as a statement tells it.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) fence: i64,
    pub(super) record: Record,
    /// What is left of its lease in µs, less than nothing if it has lapsed; `None` without one.
    pub(super) lease: Option<i64>,
    /// What is left of its retention in µs.
    pub(super) kept: i64,
}

impl Standing {
    pub(super) fn found(self) -> Found {
        let record = self.record;
        if record.state() != Some(State::Running) {
            return Found::settled(record);
        }
        let left = |left| u64::try_from(left).map(Duration::from_micros);
        let lease = match self.lease.map(left) {
            // Without a lease that can be read it is owned for as long as it is kept.
            None => Lease::Live(left(self.kept).unwrap_or_default()),
            Some(Ok(left)) => Lease::Live(left),
            Some(Err(_)) => Lease::Lapsed,
        };
        Found::new(with_fence(record, self.fence), lease)
    }
}

/// The attempt wrote its record before the database chose the fence: the column is what holds.
fn with_fence(record: Record, fence: i64) -> Record {
    match u64::try_from(fence) {
        Ok(fence) if fence != record.fence() => record.with_fence(fence),
        _ => record,
    }
}

/// The longest name that a row has, in bytes: within what every database indexes.
pub(super) const LONGEST_NAME: usize = 512;
const HASHED: usize = 64;

/// A name as its row has it: itself, or the beginning and a hash of it where it is too long for an
/// index, or holds what no text column takes.
pub(super) fn row_name(name: &Name) -> Cow<'_, str> {
    if name.len() <= LONGEST_NAME && !name.contains('\0') {
        return Cow::Borrowed(name);
    }
    let begin = &name[..name.floor_char_boundary(LONGEST_NAME - HASHED - 1)];
    Cow::Owned(format!("{}#{}", begin.replace('\0', ""), hex(&Sha256::digest(name.as_bytes()))))
}

/// Bytes in hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

/// The bytes that hexadecimal digits tell.
#[cfg(feature = "mysql")]
pub(super) fn unhex(digits: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let digit = |digit: u8| char::from(digit).to_digit(16);
    let byte = |[high, low]: &[u8; 2]| u8::try_from(digit(*high)? * 16 + digit(*low)?).ok();
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Content, Start};

    const LEASE: Duration = Duration::from_secs(10);

    fn running(lease: Duration, retention: Duration) -> Record {
        let start = Start::plain(lease, retention);
        Record::running(&start, None)
    }

    #[test]
    fn a_record_is_told_in_columns() {
        let running = running(LEASE, 6 * LEASE);
        let fields = Fields::of(&running);
        assert_eq!((fields.state, fields.fence, fields.attempts), (1, 1, 1));
        assert_eq!((fields.lease, fields.retention), (Some(10_000), 60_000));
        assert_eq!((fields.holder, fields.record), ("host/1", running.as_bytes()));
        assert_eq!(fields.owner(), running.owner().unwrap().as_bytes());
        let judged = fields.judged();
        assert_eq!((judged.state, &*judged.owner, judged.fence), (1, fields.owner(), 1));
        let completed = Record::of(running.next(State::Completed, Content::Nothing), "host/1");
        assert_eq!(Fields::of(&completed).state, 2);
        assert_eq!(Fields::of(&running.freed()).state, 3);
        let foreign = Record::from_bytes(b"no record");
        assert_eq!((Fields::of(&foreign).state, Fields::of(&foreign).owner()), (0, &[][..]));
    }

    #[test]
    fn times_are_within_what_a_database_can_add() {
        assert_eq!(LONGEST, 1000 * 366 * 86_400_000);
        let endless = running(Duration::ZERO, Duration::MAX);
        assert_eq!((Fields::of(&endless).lease, Fields::of(&endless).retention), (None, LONGEST));
        let shortest = running(Duration::from_millis(1), LEASE);
        assert_eq!(Fields::of(&shortest).lease, Some(1));
    }

    #[test]
    fn a_running_row_has_what_is_left_of_its_lease() {
        let record = running(LEASE, 6 * LEASE);
        let found =
            |fence, lease, kept| Standing { fence, record: record.clone(), lease, kept }.found();
        let micros = |micros| Lease::Live(Duration::from_micros(micros));
        assert_eq!(found(1, Some(5), 9).lease, micros(5));
        assert_eq!(found(1, Some(0), 9).lease, micros(0));
        assert_eq!(found(1, Some(-1), 9).lease, Lease::Lapsed);
        // Without a lease it is owned for as long as it is kept.
        assert_eq!(found(1, None, 9).lease, micros(9));
        assert_eq!(found(1, None, -1).lease, micros(0));
        // The column's fence is what holds.
        assert_eq!(found(1, None, 9).record, record);
        assert_eq!(found(7, None, 9).record, record.with_fence(7));
        assert_eq!(found(-1, None, 9).record, record);
        let free = Standing { fence: 1, record: record.freed(), lease: Some(5), kept: 9 };
        assert_eq!(free.found(), Found::settled(record.freed()));
    }

    #[test]
    fn a_name_is_its_own_up_to_the_bound() {
        let longest = Name::new(&"n".repeat(LONGEST_NAME));
        assert_eq!(row_name(&longest), *longest);
        let longer = Name::new(&"n".repeat(LONGEST_NAME + 1));
        assert_eq!(row_name(&longer).len(), LONGEST_NAME);
        assert_eq!(hex(b"\x01\xfe"), "01fe");
    }

    #[test]
    #[cfg(feature = "mysql")]
    fn digits_are_bytes_again() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(unhex(&hex(&bytes)).as_deref(), Some(&*bytes));
        assert_eq!(unhex(&hex(&bytes).to_uppercase()).as_deref(), Some(&*bytes));
        assert_eq!((unhex(""), unhex("1"), unhex("1g")), (Some(vec![]), None, None));
    }

    #[test]
    fn long_names_are_bounded_and_apart() {
        let long = |last: &str| Name::new(&format!("{}{last}", "é".repeat(LONGEST_NAME)));
        let (one, other) = (long("1"), long("2"));
        assert_ne!(row_name(&one), row_name(&other));
        assert!(row_name(&one).len() <= LONGEST_NAME);
        assert!(row_name(&one).starts_with("éé"));
        assert_ne!(row_name(&Name::new("a\0")), row_name(&Name::new("a")));
    }
}
