//! What a server's answers say.

use std::time::Duration;

use redis::{RedisError, RedisResult, Value};

use super::counted;
use crate::record::{Record, State};
use crate::store::{Change, Claimed, Found, Lease, Settled, StoreError};

/// What `takeover.lua` is told of the record that it judges.
pub(super) fn threshold(over: &Record) -> i64 {
    match over.state() {
        Some(State::Free) => -2,
        Some(State::Running) if !over.lease().is_zero() => {
            i64::try_from(over.retention().saturating_sub(over.lease()).as_millis()).unwrap_or(-1)
        }
        _ => -1,
    }
}

/// A record, and what is left of its lease: by its key's TTL; where it counts, by the server's time.
pub(super) fn judged(
    value: Value,
    ttl: i64,
    time: Option<i64>,
) -> Result<Option<Found>, StoreError> {
    let Some((record, ends)) = standing(value)? else { return Ok(None) };
    let lease = match (threshold(&record), u64::try_from(ttl)) {
        (threshold, _) if threshold >= 0 && ends.is_some() => counted::lease(ends, time),
        // No TTL, or no lease that can be read: it is owned.
        (_, Err(_)) => Lease::Live(record.retention()),
        (threshold, Ok(left)) => match u64::try_from(threshold) {
            Err(_) => Lease::Live(Duration::from_millis(left)),
            Ok(threshold) if left < threshold => Lease::Lapsed,
            Ok(threshold) => Lease::Live(Duration::from_millis(left - threshold)),
        },
    };
    Ok(Some(Found::new(record, lease)))
}

/// What the takeover by `record` came to.
pub(super) fn taken_over(answer: Value, record: &Record) -> Result<Claimed, StoreError> {
    let parts = match answer {
        Value::Array(parts) => parts,
        Value::BulkString(no_string) => {
            return Ok(Claimed::Found(Found::settled(Record::from_bytes(&no_string))));
        }
        _ => return Err(of_another_form()),
    };
    match <[Value; 3]>::try_from(parts) {
        Ok([Value::Int(0), standing, Value::Int(ttl)]) => {
            judged(standing, ttl, None)?.map(Claimed::Found).ok_or_else(of_another_form)
        }
        Err(parts) if parts == [Value::Int(1)] => Ok(Claimed::Won { fence: record.fence() }),
        Ok(_) | Err(_) => Err(of_another_form()),
    }
}

/// A key that holds no string is found, and is no record: as if it held the empty one.
pub(super) fn or_standing(answer: RedisResult<Value>) -> RedisResult<Value> {
    match answer {
        Err(error) if is_no_string(&error) => Ok(Value::BulkString(Vec::new())),
        answer => answer,
    }
}

/// Before Redis 7 an error inside of a script has its code in its text.
fn is_no_string(error: &RedisError) -> bool {
    error.code() == Some("WRONGTYPE")
        || error.detail().is_some_and(|detail| detail.contains("WRONGTYPE"))
}

/// Whether a server that answers reads takes no writes for now: it is full, can't save its data, or has lost
/// the replicas that it is to have.
pub(super) fn takes_no_writes(error: &RedisError) -> bool {
    matches!(error.code(), Some("OOM" | "MISCONF" | "NOREPLICAS"))
}

/// The record that an answer holds; `None` where nothing stands.
pub(super) fn found(value: Value) -> Result<Option<Record>, StoreError> {
    Ok(standing(value)?.map(|(record, _)| record))
}

/// What stands there, and when its lease ends where it counts.
fn standing(value: Value) -> Result<Option<(Record, Option<i64>)>, StoreError> {
    match value {
        Value::Nil | Value::Boolean(false) => Ok(None),
        Value::BulkString(bytes) => Ok(Some(counted::read(&bytes))),
        _ => Err(of_another_form()),
    }
}

/// What a change that writes came to: the server answers that it is done, or what stands there.
pub(super) fn swapped(
    answer: Value,
    running: &Record,
    change: Change<'_>,
) -> Result<Settled, StoreError> {
    if matches!(answer, Value::Okay | Value::Int(1)) {
        return Ok(Settled::Done);
    }
    Ok(found(answer)?.map_or(Settled::Lost, |it| change.already(running, &it)))
}

/// What any other change came to: the server answers 1, or 0 where another record stands there.
pub(super) fn done(value: &Value) -> Result<Settled, StoreError> {
    match value {
        Value::Int(1) => Ok(Settled::Done),
        Value::Int(0) | Value::BulkString(_) => Ok(Settled::Lost),
        _ => Err(of_another_form()),
    }
}

pub(super) fn of_another_form() -> StoreError {
    StoreError::unknown("an answer of another form")
}

pub(super) fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
