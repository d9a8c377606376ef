//! Records that count their attempts.
//!
//! The key's TTL is what is left of the window, so the lease is kept in the value: behind the record
//! stands when it ends, by the server's clock, and only the scripts write that. What is compared is
//! the record before it, whose bytes stay the same for the whole attempt, as everywhere.

use std::borrow::Cow;
use std::time::Duration;

use redis::{Cmd, RedisResult, Value};

use super::Redis;
use super::answer::{
    done, found, judged, milliseconds, of_another_form, or_standing, swapped, threshold,
};
use super::connection::{Connected, Dialect};
use super::script::Lua;
use crate::record::{Record, State};
use crate::store::{Change, Claim, Claimed, Found, Lease, Name, Settled, StoreError};

/// How many digits the end of a lease has.
const DIGITS: usize = 16;

/// The record in a value, and the end of its lease where it counts, in ms since 1970.
pub(super) fn read(value: &[u8]) -> (Record, Option<i64>) {
    if Record::seems_to_count(value)
        && let Some((record, digits)) = value.split_last_chunk::<DIGITS>()
        && let Some(ends) = std::str::from_utf8(digits).ok().and_then(|ends| ends.parse().ok())
    {
        let record = Record::from_bytes(record);
        if record.spent().is_some() {
            return (record, Some(ends));
        }
    }
    (Record::from_bytes(value), None)
}

/// What is left of a lease at that time by the server's clock.
pub(super) fn lease(ends: Option<i64>, time: Option<i64>) -> Lease {
    match ends.zip(time) {
        None => Lease::Unjudged,
        Some((ends, time)) => u64::try_from(ends - time)
            .map_or(Lease::Lapsed, |left| Lease::Live(Duration::from_millis(left))),
    }
}

/// What `claim.lua` is told of when the judged record is open.
fn open(over: Option<&Record>) -> Cow<'static, str> {
    match over.map(|over| (threshold(over), over.state(), over.spent())) {
        Some((_, Some(State::Free), _)) => "free".into(),
        Some((0.., _, Some(_))) => "ends".into(),
        Some((threshold @ 0.., _, None)) => threshold.to_string().into(),
        _ => "never".into(),
    }
}

impl Redis {
    /// A claim where its own record counts, or the one that was judged.
    pub(super) async fn claim_counted(&self, claim: Claim<'_>) -> Result<Claimed, StoreError> {
        let Claim { name, record, over } = claim;
        let lease = record.spent().map(|_| milliseconds(record.lease()).to_string());
        let arguments = |command: &mut Cmd| {
            command
                .arg(record.as_bytes())
                .arg(lease.as_deref().unwrap_or_default())
                .arg(milliseconds(record.retention()))
                .arg(over.map_or(&[][..], Record::as_bytes))
                .arg(&*open(over));
        };
        let answer = self.count(&self.scripts.count.claim, name, &arguments).await?;
        let found = match answer {
            Value::Int(1) => return Ok(Claimed::Won { fence: record.fence() }),
            Value::Int(2) => return Ok(Claimed::Vanished),
            Value::Array(parts) => match <[Value; 3]>::try_from(parts) {
                Ok([standing, Value::Int(ttl), Value::Int(time)]) => {
                    judged(standing, ttl, Some(time))?
                }
                Ok(_) | Err(_) => None,
            },
            completed_or_no_string => found(completed_or_no_string)?.map(Found::settled),
        };
        found.map(Claimed::Found).ok_or_else(of_another_form)
    }

    /// Changes a record that counts.
    pub(super) async fn settle_counted(
        &self,
        name: &Name,
        running: &Record,
        change: Change<'_>,
    ) -> Result<Settled, StoreError> {
        let scripts = &self.scripts.count;
        let replace = |next: &Record| {
            let (next, window) = (next.clone(), milliseconds(next.retention()));
            move |command: &mut Cmd| {
                command.arg(running.as_bytes()).arg(next.as_bytes()).arg(window);
            }
        };
        match change {
            Change::Renew => {
                let arguments = |command: &mut Cmd| {
                    command
                        .arg(running.as_bytes())
                        .arg(milliseconds(running.lease()))
                        .arg(milliseconds(running.retention()));
                };
                let answer = self.link.step(|mut server| async move {
                    let script = match server.dialect {
                        Dialect::Scripts => &scripts.renew,
                        Dialect::SetGet | Dialect::Native => &scripts.renew_in_full,
                    };
                    run(script, &mut server, name, &arguments).await
                });
                done(&answer.await?)
            }
            Change::Purge => {
                let arguments = |command: &mut Cmd| {
                    command.arg(running.as_bytes());
                };
                done(&self.count(&scripts.purge, name, &arguments).await?)
            }
            Change::Complete(next) => {
                let answer = self.count(&scripts.complete, name, &replace(next)).await?;
                swapped(answer, running, change)
            }
            Change::Release(next) => {
                let answer = self.count(&scripts.release, name, &replace(next)).await?;
                swapped(answer, running, change)
            }
        }
    }

    /// One step by one script.
    async fn count(
        &self,
        script: &Lua,
        name: &Name,
        arguments: &(impl Fn(&mut Cmd) + Sync),
    ) -> Result<Value, StoreError> {
        self.link
            .step(|mut server| async move { run(script, &mut server, name, arguments).await })
            .await
    }
}

async fn run(
    script: &Lua,
    server: &mut Connected,
    name: &Name,
    arguments: &(impl Fn(&mut Cmd) + Sync),
) -> RedisResult<Value> {
    or_standing(script.run(server, name, arguments).await)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Start;

    fn counted() -> Record {
        let start =
            Start { counts: true, ..Start::plain(Duration::from_secs(1), Duration::from_mins(1)) };
        Record::running(&start, None)
    }

    #[test]
    fn the_end_of_a_lease_is_read_off_a_value() {
        let record = counted();
        let value = [record.as_bytes(), b"0001800000000123"].concat();
        assert_eq!(read(&value), (record, Some(1_800_000_000_123)));
    }

    #[test]
    fn a_value_that_is_damaged_is_kept_whole() {
        let record = counted();
        for value in [
            record.as_bytes().to_vec(),
            [record.as_bytes(), b"000180000000012x"].concat(),
            [&record.as_bytes()[1..], b"0001800000000123"].concat(),
            [record.as_bytes(), b"x0001800000000123"].concat(),
        ] {
            let (read, ends) = read(&value);
            assert_eq!((read.as_bytes(), ends), (&value[..], None));
        }
    }

    #[test]
    fn a_claim_tells_when_the_judged_record_is_open() {
        let counted = counted();
        assert_eq!(open(None), "never");
        assert_eq!(open(Some(&counted)), "ends");
        assert_eq!(open(Some(&counted.freed())), "free");
        let start = Start::plain(Duration::from_secs(1), Duration::from_mins(1));
        let uncounted = Record::running(&start, None);
        assert_eq!(open(Some(&uncounted)), "59000");
        assert_eq!(open(Some(&Record::from_bytes(b"no record"))), "never");
    }

    #[test]
    fn a_lease_has_lapsed_past_its_end() {
        assert_eq!(lease(Some(100), Some(99)), Lease::Live(Duration::from_millis(1)));
        assert_eq!(lease(Some(100), Some(100)), Lease::Live(Duration::ZERO));
        assert_eq!(lease(Some(100), Some(101)), Lease::Lapsed);
        assert_eq!(lease(Some(100), None), Lease::Unjudged);
    }
}
