//! Records in Redis or Valkey: one key a record, one command or one-key script a step.
//!
//! The lease is read off the key's remaining time to live, so that no clock stands in the value and
//! a running record's bytes stay the same for the whole attempt: a running record's TTL starts at
//! its retention, renewing sets it back, and the lease has lapsed when less than retention minus
//! lease remains. Where attempts are counted it is another way round: see [`counted`].

mod answer;
mod connection;
mod counted;
mod line;
mod link;
mod probe;
mod script;
mod steps;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use redis::{ErrorKind, RedisError};

use super::check_timeout;
use crate::error::Error;
pub use connection::Dialect;
use link::Link;
use probe::{Mode, Server};
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
/// let options = RedisOptions::default().timeout(Duration::from_millis(500)).prefix("shop");
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct RedisOptions {
    timeout: Duration,
    accept_eviction: bool,
    prefix: String,
    at_most: Dialect,
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

impl RedisOptions {
    /// How long one step may take, its retries and a new connection included: a millisecond to an
    /// hour, a second unless set.
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Accepts a server that may evict records under memory pressure: an evicted claim runs twice.
    pub fn accept_eviction(self) -> Self {
        Self { accept_eviction: true, ..self }
    }

    /// The prefix of all names, for a user whose rights end there: `idem` unless set.
    pub fn prefix(self, prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    /// The best dialect that is spoken, [`Dialect::Native`] unless set; for servers behind a proxy
    /// that claims more than it can do.
    pub fn at_most(self, dialect: Dialect) -> Self {
        Self { at_most: dialect, ..self }
    }
}

impl Redis {
    /// Connects to a server, and looks at what it is.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when the URL is none, the time-out out of its bounds, the server refuses the
    /// user, the password, or a command that records need, is a replica, a node of a cluster or a
    /// Sentinel, or may evict records;
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
    match server.mode {
        Some(Mode::Cluster) => {
            return Err(Error::config(
                "this Redis is a node of a cluster, which is not supported yet: name a server that \
                 stands alone, with `cluster-enabled no`",
            ));
        }
        Some(Mode::Sentinel) => {
            return Err(Error::config(
                "this is a Sentinel, which is not supported yet: name the primary itself, or an address \
                 that follows it",
            ));
        }
        None => {}
    }
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
