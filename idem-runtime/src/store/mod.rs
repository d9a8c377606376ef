//! Where records are kept: the trait, its words, and the stores that come with the library.
//!
//! A store does three things, each in one atomic step: it lets an attempt [claim](Store::claim) a
//! name, [settles](Store::settle) what an attempt has claimed, and [gets](Store::get) what stands
//! there. What an answer *means* is decided elsewhere and for all stores alike. A store of your own
//! takes its decisions from [`Claim::step`] and [`Change::step`], and proves itself by
//! [`idem::conformance!`](crate::conformance!).

mod memory;
mod name;
#[cfg(feature = "redis")]
pub(crate) mod redis;
mod rules;
mod shelf;
#[cfg(feature = "_sql")]
pub(crate) mod sql;
#[cfg(all(test, feature = "_suite"))]
mod suite;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

pub use memory::Memory;
pub use name::Name;
#[cfg(feature = "_sql")]
pub(crate) use name::Names;
pub(crate) use name::{ByName, Shards};
#[cfg(feature = "redis")]
pub use redis::{Dialect, Redis, RedisOptions};
pub use rules::{ChangeStep, ClaimStep, Standing};
pub(crate) use shelf::Shelf;
#[cfg(feature = "mysql")]
pub use sql::MySql;
#[cfg(feature = "postgres")]
pub use sql::Postgres;
#[cfg(feature = "sqlite")]
pub use sql::Sqlite;

use crate::error::{Error, Source};
use crate::observe::Discreet;
pub use crate::record::{Owner, Record, State};

/// Whether one step of a store can be given this long: inside every clock's arithmetic, and long
/// enough for an answer.
///
/// # Errors
///
/// [`Error::Config`] with the bounds.
pub(crate) fn check_timeout(timeout: Duration) -> Result<(), Error> {
    if (Duration::from_millis(1)..=Duration::from_hours(1)).contains(&timeout) {
        Ok(())
    } else {
        Err(Error::config("the store's time-out is a millisecond to an hour"))
    }
}

/// One attempt's question: may it have the name?
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Claim<'a> {
    /// The name.
    pub name: &'a Name,
    /// The running record that is written if so.
    pub record: &'a Record,
    /// The very record that was judged, which this one is to replace if it still stands there,
    /// free or lapsed; `None` claims a name under which nothing stands.
    pub over: Option<&'a Record>,
}

impl<'a> Claim<'a> {
    /// A claim of `name` for the attempt that wrote `record`, `over` the one that was judged.
    #[must_use]
    pub fn new(name: &'a Name, record: &'a Record, over: Option<&'a Record>) -> Self {
        Self { name, record, over }
    }
}

/// What the store answers to a [`Claim`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Claimed {
    /// The attempt has the name. The fence is the record's own, unless the store makes fences
    /// itself.
    Won {
        /// The attempt's fence.
        fence: u64,
    },
    /// Something stands there.
    Found(Found),
    /// What the claim was to replace has gone since it was judged, and with it what it counted:
    /// nothing was written. For records that [count](Record::spent) alone; the others' claim is won.
    Vanished,
}

/// What stands under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// The record.
    pub record: Record,
    /// What is left of its lease.
    pub lease: Lease,
}

impl Found {
    /// A record, and what is left of its lease.
    #[must_use]
    pub fn new(record: Record, lease: Lease) -> Self {
        Self { record, lease }
    }

    /// A record whose lease is of no matter, or unknown.
    pub(crate) fn settled(record: Record) -> Self {
        Self { record, lease: Lease::Unjudged }
    }
}

/// What a store says of the lease of a running record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Lease {
    /// Nothing: a claim [over](Claim::over) the record makes it judge.
    Unjudged,
    /// It is live, for this long.
    Live(Duration),
    /// It has lapsed: whoever claims over the record gets the name.
    Lapsed,
}

impl Lease {
    pub(crate) fn left(self) -> Option<Duration> {
        match self {
            Self::Live(left) => Some(left),
            Self::Unjudged | Self::Lapsed => None,
        }
    }
}

/// What becomes of a name that an attempt has claimed.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Change<'a> {
    /// Lease and retention start anew; where attempts are [counted](Record::spent), the lease alone,
    /// and what is left of the window is made at least that long.
    Renew,
    /// The record is replaced by this one, completed.
    Complete(&'a Record),
    /// The record is replaced by this one, free. One that counts is kept for the rest of the window.
    Release(&'a Record),
    /// The record is forgotten. For people: fences start again after it.
    Purge,
}

/// What the store answers to a [`Change`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use = "where it is `Settled::Lost`, nothing was changed"]
#[non_exhaustive]
pub enum Settled {
    /// It is done, by this call or by an earlier one of the same attempt.
    Done,
    /// The record is not the attempt's any more: nothing was changed.
    Lost,
}

/// Why a store did not answer.
#[derive(Debug, thiserror::Error)]
#[error("{source}")]
pub struct StoreError {
    source: Source,
    reached: bool,
}

impl StoreError {
    /// The request may have reached the store: what it did is unknown.
    pub fn unknown(source: impl Into<Source>) -> Self {
        Self { source: source.into(), reached: true }
    }

    /// The request can't have reached the store: nothing was done.
    pub fn unreached(source: impl Into<Source>) -> Self {
        Self { source: source.into(), reached: false }
    }

    /// For logs.
    pub(crate) fn discreet(&self) -> Discreet<'_> {
        Discreet(&*self.source)
    }

    pub(crate) fn may_have_reached(&self) -> bool {
        self.reached
    }
}

impl From<StoreError> for Error {
    /// [`Error::Outage`].
    fn from(error: StoreError) -> Self {
        Self::Outage { source: error.source }
    }
}

/// Keeps records, and judges leases by its own clock.
///
/// Each method is one atomic step, answers within a finite time, and sends again what got no
/// answer, with the same bytes: a claim found under its own owner, and a completion found done, are
/// answered as such.
///
/// # Errors
///
/// [`StoreError::unreached`] only where it is certain that nothing was done, which is what
/// `on_outage = "run"` relies on; [`StoreError::unknown`] for everything else, a refusal too, unless it
/// is known to be one of the whole step and for now: Redis takes those of a replica, and of a server
/// that still loads its data, for such.
///
/// # A store of your own
///
/// Read what stands under the name, let [`Claim::step`] or [`Change::step`] decide, and write what
/// they say, with nobody in between: a lock, a transaction, a compare-and-swap. Then hold it to
/// all that a store promises, with one line in its tests: see
/// [`idem::conformance`](mod@crate::conformance). The example `own_store` does both, on plain
/// files.
///
/// Time is the store's: [`Standing::new`] is told how old a record is by the one clock that all who
/// use the store share. A store without such a clock takes the word of whoever asks, and loses a
/// guarantee: a node whose clock is ahead by more than a lease takes over from an owner that is
/// alive, and two bodies run at once. Of the two, one stores its result. It says so in its
/// documentation.
///
/// ```
/// use idem::store::{Change, Claim, Claimed, Found, Memory, Name, Record, Settled, Store, StoreError};
///
/// /// A store that counts what it is asked.
/// #[derive(Default)]
/// struct Counted { inner: Memory, claims: std::sync::atomic::AtomicUsize }
///
/// impl Store for Counted {
///     async fn claim(&self, claim: Claim<'_>) -> Result<Claimed, StoreError> {
///         self.claims.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
///         self.inner.claim(claim).await
///     }
///     async fn settle(&self, name: &Name, running: &Record, change: Change<'_>) -> Result<Settled, StoreError> {
///         self.inner.settle(name, running, change).await
///     }
///     async fn get(&self, name: &Name) -> Result<Option<Found>, StoreError> {
///         self.inner.get(name).await
///     }
/// }
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let idem = idem::Idem::builder().store(Counted::default()).build().await?;
/// # Ok::<(), idem::Error>(()) }).unwrap();
/// ```
pub trait Store: Send + Sync + 'static {
    /// Whether it counts attempts, which strategy `count` asks for: it then keeps a record that
    /// [counts](Record::spent) for as long as the step that wrote or renewed it said, and not for
    /// its retention. The conformance suite holds it to that. Unless it says so here, `count` is
    /// [`Error::Config`] on it.
    const COUNTS: bool = false;

    /// Gives the attempt the name, or says what stands there.
    fn claim(&self, claim: Claim<'_>) -> impl Future<Output = Result<Claimed, StoreError>> + Send;

    /// Changes what stands under the name, if it is still `running` to the byte.
    fn settle(
        &self,
        name: &Name,
        running: &Record,
        change: Change<'_>,
    ) -> impl Future<Output = Result<Settled, StoreError>> + Send;

    /// What stands under the name. Changes nothing.
    fn get(&self, name: &Name) -> impl Future<Output = Result<Option<Found>, StoreError>> + Send;
}

/// Two engines of one process can share a store.
impl<S: Store> Store for Arc<S> {
    const COUNTS: bool = S::COUNTS;

    fn claim(&self, claim: Claim<'_>) -> impl Future<Output = Result<Claimed, StoreError>> + Send {
        S::claim(self, claim)
    }

    fn settle(
        &self,
        name: &Name,
        running: &Record,
        change: Change<'_>,
    ) -> impl Future<Output = Result<Settled, StoreError>> + Send {
        S::settle(self, name, running, change)
    }

    fn get(&self, name: &Name) -> impl Future<Output = Result<Option<Found>, StoreError>> + Send {
        S::get(self, name)
    }
}
