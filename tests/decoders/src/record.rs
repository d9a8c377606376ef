//! A record, as a store keeps it.

mod table;

use idem::__protocol::{self as protocol, Answer, Call};
use idem::Plan;
use idem::store::{Record, State};

use table::Table;

/// Reads the bytes, and the same bytes with the length and the checksum that make a record of them: nobody
/// comes upon a checksum by trying.
#[must_use]
pub fn record(bytes: &[u8]) -> bool {
    let sealed = table::sealed(bytes);
    is_read(bytes) | sealed.is_some_and(|sealed| is_read(&sealed))
}

/// Whether it is a record. What the library reads is what the table of the stored format says.
fn is_read(bytes: &[u8]) -> bool {
    let record = Record::from_bytes(bytes);
    assert_eq!(record.as_bytes(), bytes, "a record is its bytes");
    let Some(table) = Table::read(bytes) else {
        says_nothing(&record);
        return false;
    };
    says(&record, &table);
    is_settled(&record, &table);
    is_answered_by(&record, &table);
    let fence = !table.fence;
    let other = protocol::with_fence(&record, fence);
    says(&other, &Table { fence, ..table });
    if table.version == 1 {
        damage_is_noticed(bytes);
    }
    true
}

/// Nothing of what can't be read is believed.
fn says_nothing(record: &Record) {
    assert_eq!(record.state(), None, "{record:?} is read, and is none by the table");
    assert_eq!((record.owner(), record.spent(), record.holder()), (None, None, ""));
    assert_eq!((record.fence(), record.attempts()), (0, 0));
    assert!(record.lease().is_zero() && record.retention().is_zero());
    assert!(protocol::body(record).is_empty());
}

fn says(record: &Record, table: &Table<'_>) {
    let owner = record.owner().map(|owner| format!("{owner:?}"));
    assert_eq!(record.state(), Some(table.state));
    assert_eq!(owner, Some(format!("{:032x}", u128::from_be_bytes(table.owner))));
    assert_eq!(record.fence(), table.fence);
    assert_eq!(record.lease().as_millis(), table.lease.into());
    assert_eq!(record.retention().as_millis(), table.retention.into());
    assert_eq!(record.attempts(), table.attempts);
    assert_eq!(record.spent(), table.spent);
    assert_eq!(record.holder(), table.holder);
    if table.version == 1 {
        assert_eq!(protocol::body(record), table.body);
    }
}

/// What was read is written again, as the record that gives the key back.
fn is_settled(record: &Record, table: &Table<'_>) {
    let freed = protocol::freed(record);
    let written = Table::read(freed.as_bytes()).expect("a record that was just written");
    let expected = Table {
        version: 1,
        state: State::Free,
        content: 0,
        spent: table.spent.map(|spent| spent.saturating_sub(1)),
        fingerprint: None,
        holder: &table.holder[..table.holder.floor_char_boundary(64)],
        body: b"",
        ..*table
    };
    assert_eq!(written, expected);
    says(&freed, &written);
}

/// A duplicate gets a result that its own codec wrote, for a call with its own arguments, and no other.
fn is_answered_by(record: &Record, table: &Table<'_>) {
    // A fingerprint of scheme 1.
    let answer = Call::new(Plan::setnx(), 1, Some(7)).followed(record);
    let differs = table.fingerprint.is_some_and(|(scheme, hash)| scheme == 1 && hash != [7; 32]);
    let is_success = table.state == State::Completed && table.content == 1;
    let replays = is_success && table.codec == *b"json\0\0\0\0" && !differs;
    assert_eq!(answer == Answer::Replay, replays, "{answer:?} by {table:?}");
}

/// One byte that is another, one end that is missing: no record any more. But for the byte of the version,
/// whose later ones are read by other rules, and are no results.
fn damage_is_noticed(bytes: &[u8]) {
    // The checksum says where, so that each record is damaged somewhere else.
    let [.., sum, low, high, by] = bytes else { unreachable!("a record is longer") };
    let at = usize::from(u16::from_le_bytes([*low, *high])) % bytes.len();
    let mut damaged = bytes.to_vec();
    damaged[at] ^= sum ^ by | 1;
    let state = Record::from_bytes(&damaged).state();
    let may_be = state.is_none() || at == 4 && state != Some(State::Completed);
    assert!(may_be, "byte {at} is damaged: {state:?}");
    assert_eq!(Record::from_bytes(&bytes[..at]).state(), None, "cut at {at}");
}
