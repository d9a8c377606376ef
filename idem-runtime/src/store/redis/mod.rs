//! Records in Redis or Valkey: one key a record, one command or one-key script a step.
//!
//! The lease is read off the key's remaining time to live, so that no clock stands in the value and
//! a running record's bytes stay the same for the whole attempt: a running record's TTL starts at
//! its retention, renewing sets it back, and the lease has lapsed when less than retention minus
//! lease remains. Where attempts are counted it is another way round: see [`counted`].

mod answer;
mod connection;
mod counted;
mod link;
mod probe;
mod script;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use redis::{Cmd, ErrorKind, RedisError, RedisResult, Value};

use super::{
    Change, Claim, Claimed, Found, Lease, Name, Record, Settled, Store, StoreError, check_timeout,
};
use crate::error::Error;
use answer::{done, found, judged, milliseconds, of_another_form, or_standing, swapped, threshold};
use connection::Connected;
pub use connection::Dialect;
use link::Link;
use probe::Server;
use script::Scripts;

/// Records in Redis or Valkey.
///
/// Made by [`Builder::redis`](crate::Builder::redis), or by itself to be asked directly. Keys are
/// `prefix:operation:…`; nothing else is ever touched.
pub struct Redis {
    link: Link,
    scripts: Scripts,
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").finish_non_exhaustive()
    }
}

/// How a [`Redis`] is connected to.
///
/// ```
/// use idem::store::RedisOptions;
/// use std::time::Duration;
///
/// let options = RedisOptions { timeout: Duration::from_millis(500), ..RedisOptions::default() };
/// ```
#[derive(Debug, Clone)]
pub struct RedisOptions {
    /// How long one step may take, its retries and a new connection included: a millisecond to an
    /// hour, a second unless set.
    pub timeout: Duration,
    /// Whether a server that may evict records is taken. It is not unless set.
    pub accept_eviction: bool,
    /// The prefix of all names, for a user whose rights end there: `idem` unless set.
    pub prefix: String,
    /// The best dialect that is spoken; for servers behind a proxy that claims more than it can do.
    pub at_most: Dialect,
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(1),
            accept_eviction: false,
            prefix: "idem".to_owned(),
            at_most: Dialect::Native,
        }
    }
}

impl Redis {
    /// Connects to a server, and looks at what it is.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when the URL is none, the time-out out of its bounds, the server refuses the
    /// user, the password, or a command that records need, is a replica, or may evict records;
    /// [`Error::Outage`] when it does not answer within the time-out.
    ///
    /// ```no_run
    /// # async fn main_() -> Result<(), idem::Error> {
    /// use idem::store::{Redis, RedisOptions};
    ///
    /// let redis = Redis::connect("redis://127.0.0.1/", &RedisOptions::default()).await?;
    /// # Ok(()) }
    /// ```
    pub async fn connect(url: &str, options: &RedisOptions) -> Result<Self, Error> {
        check_timeout(options.timeout)?;
        let link = Link::new(url, options)?;
        let server = link.open().await.map_err(refusal)?;
        check(&server, options.accept_eviction)?;
        Ok(Self { link, scripts: Scripts::new() })
    }
}

/// What a user has to be allowed, in the words of an ACL.
const RIGHTS: &str = "+get +getrange +set +psetex +pttl +pexpire +eval +evalsha";
/// And to count, which not every engine does: so nobody is refused for want of it.
const TO_COUNT: &str = "+time";

/// What a first connection that failed says to whoever builds the engine.
fn refusal(error: RedisError) -> Error {
    if is_refused(&error) {
        Error::config(format!("the Redis server refuses the user or password: {error}"))
    } else {
        Error::outage(error)
    }
}

/// Whether the server wants another user or password, or any at all.
fn is_refused(error: &RedisError) -> bool {
    error.kind() == ErrorKind::AuthenticationFailed
        || matches!(error.code(), Some("WRONGPASS" | "NOAUTH"))
}

fn check(server: &Server, accept_eviction: bool) -> Result<(), Error> {
    if server.is_replica {
        return Err(Error::config("this Redis is a replica: claims are made on its primary"));
    }
    if let Some(forbidden) = &server.forbidden {
        return Err(Error::config(format!(
            "this Redis forbids what records need: {forbidden}; the user's rights have to be {RIGHTS}, \
             for `count` {TO_COUNT} too, on the keys of the prefix"
        )));
    }
    match server.policy.as_deref() {
        Some("noeviction") => Ok(()),
        Some(policy) if !accept_eviction => Err(Error::config(format!(
            "this Redis may evict claims under memory pressure (maxmemory-policy {policy}), and an \
             evicted claim runs twice: set `noeviction`, or say `.accept_eviction()`"
        ))),
        Some(policy) => {
            tracing::warn!(policy, "this Redis may evict claims: an evicted claim runs twice");
            Ok(())
        }
        None => {
            tracing::warn!("this Redis does not tell its eviction policy: it must be `noeviction`");
            Ok(())
        }
    }
}

impl Store for Redis {
    const COUNTS: bool = true;

    async fn claim(&self, claim: Claim<'_>) -> Result<Claimed, StoreError> {
        if claim.record.spent().is_some() || claim.over.is_some_and(|over| over.spent().is_some()) {
            return self.claim_counted(claim).await;
        }
        match claim.over {
            None => self.claim_absent(claim.name, claim.record).await,
            Some(judged) => Box::pin(self.take_over(claim.name, judged, claim.record)).await,
        }
    }

    async fn settle(
        &self,
        name: &Name,
        running: &Record,
        change: Change<'_>,
    ) -> Result<Settled, StoreError> {
        if running.spent().is_some() {
            return self.settle_counted(name, running, change).await;
        }
        match change {
            Change::Renew => {
                let renew = &self.scripts.renew;
                let answer = self.link.step(move |mut server| async move {
                    let arguments = |command: &mut Cmd| {
                        command.arg(running.as_bytes()).arg(milliseconds(running.retention()));
                    };
                    or_standing(renew.run(&mut server, name, arguments).await)
                });
                done(&answer.await?)
            }
            Change::Purge => {
                let purge = &self.scripts.purge;
                let answer = self.link.step(move |mut server| async move {
                    let arguments = |command: &mut Cmd| {
                        command.arg(running.as_bytes());
                    };
                    or_standing(purge.run(&mut server, name, arguments).await)
                });
                done(&answer.await?)
            }
            Change::Complete(next) | Change::Release(next) => {
                let answer =
                    self.link.step(|server| self.swap(server, name, running, next)).await?;
                swapped(answer, running, change)
            }
        }
    }

    async fn get(&self, name: &Name) -> Result<Option<Found>, StoreError> {
        let get = &self.scripts.get;
        let answer = self.link.step(move |mut server| async move {
            or_standing(get.run(&mut server, name, |_| {}).await)
        });
        match answer.await? {
            no_string @ Value::BulkString(_) => Ok(found(no_string)?.map(Found::settled)),
            Value::Array(parts) => match <[Value; 3]>::try_from(parts) {
                Ok([standing, Value::Int(ttl), Value::Int(time)]) => {
                    judged(standing, ttl, Some(time))
                }
                Ok(_) | Err(_) => Err(of_another_form()),
            },
            _ => Err(of_another_form()),
        }
    }
}

impl Redis {
    async fn claim_absent(&self, name: &Name, record: &Record) -> Result<Claimed, StoreError> {
        let retention = milliseconds(record.retention());
        let claim = &self.scripts.claim;
        let answer = self.link.step(move |mut server| async move {
            if server.dialect == Dialect::Scripts {
                let arguments = |command: &mut Cmd| {
                    command.arg(record.as_bytes()).arg(retention);
                };
                return or_standing(Box::pin(claim.run(&mut server, name, arguments)).await);
            }
            let mut set = Cmd::with_capacity(7, 384);
            set.arg("SET").arg(&**name).arg(record.as_bytes());
            set.arg("NX").arg("GET").arg("PX").arg(retention);
            match or_standing(server.query(&set).await) {
                // A full server refuses the SET, and still tells what stands there.
                Err(error) if error.code() == Some("OOM") => {
                    let mut get = Cmd::new();
                    get.arg("GET").arg(&**name);
                    match or_standing(Box::pin(server.query(&get)).await)? {
                        Value::Nil => Err(error),
                        standing => Ok(standing),
                    }
                }
                answer => answer,
            }
        });
        Ok(match found(answer.await?)? {
            None => Claimed::Won { fence: record.fence() },
            Some(standing) => Claimed::Found(Found::new(standing, Lease::Unjudged)),
        })
    }

    async fn take_over(
        &self,
        name: &Name,
        over: &Record,
        record: &Record,
    ) -> Result<Claimed, StoreError> {
        let takeover = &self.scripts.takeover;
        let answer = self.link.step(move |mut server| async move {
            let arguments = |command: &mut Cmd| {
                command
                    .arg(over.as_bytes())
                    .arg(threshold(over))
                    .arg(milliseconds(over.retention()));
                command.arg(record.as_bytes()).arg(milliseconds(record.retention()));
            };
            or_standing(takeover.run(&mut server, name, arguments).await)
        });
        let parts = match answer.await? {
            Value::Array(parts) => parts,
            Value::BulkString(no_string) => {
                return Ok(Claimed::Found(Found::settled(Record::from_bytes(&no_string))));
            }
            _ => return Err(of_another_form()),
        };
        match <[Value; 3]>::try_from(parts) {
            Err(_) => Ok(Claimed::Won { fence: record.fence() }),
            Ok([_, standing, Value::Int(ttl)]) => {
                judged(standing, ttl, None)?.map(Claimed::Found).ok_or_else(of_another_form)
            }
            Ok(_) => Err(of_another_form()),
        }
    }

    /// Replaces a running record and says so, or answers what stands there in place of it.
    async fn swap(
        &self,
        mut server: Connected,
        name: &Name,
        running: &Record,
        next: &Record,
    ) -> RedisResult<Value> {
        let retention = milliseconds(next.retention());
        if server.dialect == Dialect::Native {
            let mut set = Cmd::with_capacity(8, 512 + next.as_bytes().len());
            set.arg("SET").arg(&**name).arg(next.as_bytes());
            set.arg("IFEQ").arg(running.as_bytes()).arg("PX").arg(retention);
            return match or_standing(server.query(&set).await) {
                // Without GET, so that the usual answer is short; lost is rare, and whatever
                // stands there a moment later tells no less.
                Ok(Value::Nil) => {
                    let mut get = Cmd::new();
                    get.arg("GET").arg(&**name);
                    or_standing(Box::pin(server.query(&get)).await)
                }
                answer => answer,
            };
        }
        // One of no bytes begins as what is absent does.
        let Some(attempt) = running.attempt() else { return Ok(Value::Nil) };
        let arguments = |command: &mut Cmd| {
            command.arg(attempt).arg(next.as_bytes()).arg(retention);
        };
        or_standing(self.scripts.swap.run(&mut server, name, arguments).await)
    }
}
