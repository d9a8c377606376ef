//! Why a call was not answered with a value.

use std::time::Duration;

use crate::token::InvalidToken;

/// The error under an [`Error`]: whatever a store's driver, a database or a [`Codec`](crate::Codec)
/// gave.
pub type Source = Box<dyn std::error::Error + Send + Sync + 'static>;

/// Why a guarded call was not answered with its function's own value.
///
/// A message about one key names it (`charge:42`), never a payload. A function guarded by
/// `#[idempotent]` returns it through `From<idem::Error>` for its error type, or through the path in
/// `map_err`.
///
/// ```
/// # use std::time::Duration;
/// let error = idem::Error::in_flight("charge:42", Duration::from_secs(3));
/// assert_eq!(error.code(), "in_flight");
/// assert_eq!(error.http_status(), 409);
/// assert!(error.is_retryable());
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another attempt holds a live claim on the key.
    #[error("`{key}` is in flight: another attempt holds it, ask again in {}", rounded(*retry_after))]
    #[non_exhaustive]
    InFlight {
        /// The logical key.
        key: String,
        /// When to ask again: what is left of the other attempt's lease, as far as it is known.
        retry_after: Duration,
    },

    /// The call had completed before, and the function says `on_duplicate = "reject"`.
    #[error("`{key}` is a duplicate: it has completed before")]
    #[non_exhaustive]
    Duplicate {
        /// The logical key.
        key: String,
    },

    /// The key was used before with other arguments, as the fingerprint tells.
    #[error("`{key}` was used before with other arguments")]
    #[non_exhaustive]
    Mismatch {
        /// The logical key.
        key: String,
    },

    /// `count`: every attempt that the window allows was spent without a result.
    #[error("`{key}` has no attempt left: of {limit} in this window none has a result")]
    #[non_exhaustive]
    Exhausted {
        /// The logical key.
        key: String,
        /// How many attempts a window has.
        limit: u32,
    },

    /// The body ran longer than `max_runtime` and was dropped. Its outcome is unknown, so the
    /// claim is held until its lease lapses.
    #[error("`{key}` ran longer than its `max_runtime`; what it did is unknown")]
    #[non_exhaustive]
    TimedOut {
        /// The logical key.
        key: String,
    },

    /// The call has completed, but its result was too large to store or would not encode.
    #[error("`{key}` has completed, but its result was not stored")]
    #[non_exhaustive]
    ResultNotStored {
        /// The logical key.
        key: String,
    },

    /// The key can't be used. No store was asked.
    #[error("invalid key: {reason}")]
    #[non_exhaustive]
    InvalidKey {
        /// What is wrong with it.
        reason: String,
    },

    /// The token was refused. No store was asked.
    #[error("invalid token: {reason}")]
    #[non_exhaustive]
    InvalidToken {
        /// What is wrong with it.
        reason: InvalidToken,
    },

    /// `state`: the entity is not in the state that the transition starts from.
    #[error("`{entity}` can't go from `{from}` to `{to}`: {}", found(actual.as_deref(), *known))]
    #[non_exhaustive]
    IllegalTransition {
        /// The entity's id.
        entity: String,
        /// The state that the transition starts from.
        from: &'static str,
        /// The state that it leads to.
        to: &'static str,
        /// The state that the entity is in; `None` when there is no such row.
        actual: Option<String>,
        /// Whether the machine declares the state that the entity is in.
        known: bool,
    },

    /// A record stands under the key that can't be read: written by a newer version, foreign,
    /// damaged, or of a result type that has changed. It is neither overwritten nor run again.
    #[error("`{key}` has a record that can't be read: {reason}")]
    #[non_exhaustive]
    Unreadable {
        /// The logical key.
        key: String,
        /// What stood in the way.
        reason: String,
    },

    /// The caller's own transaction lost to another one: roll back and try the whole of it again. The
    /// body may have run; nothing of it is in the database.
    #[error("the transaction lost to another one: roll back and try it again")]
    #[non_exhaustive]
    Conflict {
        /// The database's error.
        source: Source,
    },

    /// The store did not answer within its time-out, or refused to. The body was not run; but in the
    /// caller's transaction (`tx`) it may have, and nothing of it is in the database; and one that went
    /// on in a task of its own may have, where that ended with its runtime: the claim is held.
    #[error("the store can't be used: {source}")]
    #[non_exhaustive]
    Outage {
        /// The driver's error.
        source: Source,
    },

    /// No engine is installed in this process, scoped over this task, or named by `engine`.
    #[error(
        "no idem engine: call `Idem::builder().redis(url).build().await?.install()?` at start-up \
         (`Idem::in_memory()` in a test), scope one over a task by `idem.scope(future)`, or name \
         one by `engine = …`"
    )]
    NotInstalled,

    /// The engine or a plan is set up in a way that can't work.
    #[error("configuration: {reason}")]
    #[non_exhaustive]
    Config {
        /// What is wrong, and what to write.
        reason: String,
    },
}

/// A time as a person wants to read it: whole seconds, rounded up, or whole milliseconds.
fn rounded(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{} ms", time.as_millis()),
        whole => format!("{} s", whole.saturating_add(u64::from(time.subsec_nanos() > 0))),
    }
}

fn found(actual: Option<&str>, known: bool) -> String {
    match actual {
        None => "there is no such row".to_owned(),
        Some(state) if known => format!("it is `{state}`"),
        Some(state) => format!("it is `{state}`, which the machine does not declare"),
    }
}

/// What a message consumer does with the delivery that ended in an [`Error`].
///
/// ```
/// use idem::Delivery;
/// # use std::time::Duration;
/// let error = idem::Error::in_flight("mail:7", Duration::from_secs(3));
/// assert_eq!(error.delivery(), Delivery::Requeue { after: Duration::from_secs(3) });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Delivery {
    /// The work is done: acknowledge.
    Ack,
    /// Give it back to the broker, to be delivered again after this time.
    Requeue {
        /// How long the broker should wait.
        after: Duration,
    },
    /// It will never succeed: put it aside for a person.
    DeadLetter,
}

/// How long to wait before asking again where nothing better is known.
const ASK_AGAIN: Duration = Duration::from_secs(1);

impl Error {
    /// An [`Error::InFlight`], for tests of code that handles one.
    pub fn in_flight(key: impl Into<String>, retry_after: Duration) -> Self {
        Self::InFlight { key: key.into(), retry_after }
    }

    /// An [`Error::Outage`] around the error of a driver.
    pub fn outage(source: impl Into<Source>) -> Self {
        Self::Outage { source: source.into() }
    }

    /// An [`Error::Conflict`] around what a database said.
    #[cfg(feature = "_sql")]
    pub(crate) fn conflict(source: impl Into<Source>) -> Self {
        Self::Conflict { source: source.into() }
    }

    /// An [`Error::Config`] that says what is wrong and what to write.
    pub(crate) fn config(reason: impl Into<String>) -> Self {
        Self::Config { reason: reason.into() }
    }

    /// A stable name, for logs and for problem documents.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InFlight { .. } => "in_flight",
            Self::Duplicate { .. } => "duplicate",
            Self::Mismatch { .. } => "mismatch",
            Self::Exhausted { .. } => "exhausted",
            Self::TimedOut { .. } => "timed_out",
            Self::ResultNotStored { .. } => "result_not_stored",
            Self::InvalidKey { .. } => "invalid_key",
            Self::InvalidToken { .. } => "invalid_token",
            Self::IllegalTransition { .. } => "illegal_transition",
            Self::Unreadable { .. } => "unreadable",
            Self::Conflict { .. } => "conflict",
            Self::Outage { .. } => "outage",
            Self::NotInstalled => "not_installed",
            Self::Config { .. } => "config",
        }
    }

    /// Whether the same call may be answered if it is made again.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::InFlight { .. } | Self::Conflict { .. } | Self::Outage { .. })
    }

    /// When to ask again; `None` where asking again can't help.
    ///
    /// Every retryable error has one, and no other.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::InFlight { retry_after, .. } => Some(*retry_after),
            _ => self.is_retryable().then_some(ASK_AGAIN),
        }
    }

    /// What a message consumer does with the delivery. [`TimedOut`](Error::TimedOut) goes back too: the
    /// key's lease lapses, and the body may then run again.
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        match self {
            Self::Duplicate { .. } => Delivery::Ack,
            Self::TimedOut { .. } => Delivery::Requeue { after: ASK_AGAIN },
            _ => {
                self.retry_after().map_or(Delivery::DeadLetter, |after| Delivery::Requeue { after })
            }
        }
    }

    /// The status that an HTTP handler answers with.
    #[must_use]
    pub fn http_status(&self) -> u16 {
        match self {
            Self::InvalidKey { .. } => 400,
            Self::InvalidToken { .. } => 403,
            Self::InFlight { .. }
            | Self::Conflict { .. }
            | Self::Duplicate { .. }
            | Self::IllegalTransition { .. }
            | Self::Exhausted { .. }
            | Self::Unreadable { .. }
            | Self::ResultNotStored { .. } => 409,
            Self::Mismatch { .. } => 422,
            Self::NotInstalled | Self::Config { .. } => 500,
            Self::Outage { .. } => 503,
            Self::TimedOut { .. } => 504,
        }
    }
}

#[cfg(test)]
mod tests;
