//! How a guarded function behaves: what the attribute's options come to.

mod fault;

use std::time::Duration;

use crate::observe::Meters;

/// How the right to run is won.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strategy {
    /// A claim with expiry in Redis or in memory.
    Setnx,
    /// Attempts that are counted, in Redis or in memory.
    Count,
    /// A durable claim in the caller's own database.
    Db,
    /// One use of a token that the server has issued, recorded as `Setnx` or as `Db` would.
    Token(Kept),
    /// A transition of a row in the caller's own table, with a durable claim.
    State,
}

/// Where a use is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// In Redis or in memory.
    Kv,
    /// In the caller's own database.
    Db,
}

/// What becomes of the claim when the body returned an `Err`.
///
/// The value of `on_err`, and what the function that `on_err` names returns.
///
/// ```
/// use idem::OnErr;
/// # enum PayError { Declined, TimedOut }
/// fn policy(error: &PayError) -> OnErr {
///     match error {
///         PayError::Declined => OnErr::Release, // nothing happened: try again at once
///         PayError::TimedOut => OnErr::Hold,    // perhaps charged: not before the lease lapses
///     }
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnErr {
    /// The key is free again: nothing has happened.
    Release,
    /// The outcome is unknown: the claim stands till its lease lapses.
    Hold,
    /// The error is a result: it is stored, and duplicates get it.
    Store,
}

/// What a call does when the store can't be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnOutage {
    /// Fails with [`Error::Outage`](crate::Error::Outage); the body is not run.
    Fail,
    /// Runs the body unguarded, counted and logged, provided that no claim can have reached the
    /// store.
    Run,
}

/// What a duplicate of a completed call gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnDuplicate {
    Replay,
    Reject,
}

/// How a guarded call behaves: strategy, retention, lease and policies.
///
/// The attribute writes one from its options; code that calls [`Idem::call`](crate::Idem::call)
/// itself writes it as a constant.
///
/// A plan that can't work is [`Error::Config`](crate::Error::Config) at each call: one with a time
/// under a millisecond or over a hundred years, with a lease over half of its retention, or with
/// something that its strategy does not use.
///
/// ```
/// use idem::{OnErr, Plan};
/// use std::time::Duration;
///
/// const PLAN: Plan = Plan::setnx()
///     .ttl(Duration::from_secs(3600))
///     .lease(Duration::from_secs(10))
///     .on_err(OnErr::Hold);
/// ```
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Plan {
    pub(crate) strategy: Strategy,
    pub(crate) limit: Option<u32>,
    pub(crate) ttl: Duration,
    pub(crate) lease: Option<Duration>,
    pub(crate) max_runtime: Option<Duration>,
    pub(crate) wait: Option<Duration>,
    pub(crate) on_duplicate: OnDuplicate,
    pub(crate) on_err: OnErr,
    pub(crate) on_outage: OnOutage,
    /// Where the metrics' keys of an annotated function are kept.
    pub(crate) meters: Option<&'static Meters>,
}

const DEFAULT_TTL: Duration = Duration::from_hours(24);
const DEFAULT_LEASE: Duration = Duration::from_secs(30);

impl Plan {
    /// A claim with expiry in Redis or in memory: retention of a day, lease of 30 seconds.
    pub const fn setnx() -> Self {
        Self {
            strategy: Strategy::Setnx,
            limit: None,
            ttl: DEFAULT_TTL,
            lease: None,
            max_runtime: None,
            wait: None,
            on_duplicate: OnDuplicate::Replay,
            on_err: OnErr::Release,
            on_outage: OnOutage::Fail,
            meters: None,
        }
    }

    /// One attempt at a time, and no more than [`limit`](Plan::limit) a key and window that did not
    /// end in a released `Err`, in Redis or in memory: never twice, rather not at all. The window is
    /// [`ttl`](Plan::ttl), a day unless set. An `Err` is held unless set otherwise: its attempt is
    /// spent.
    ///
    /// ```
    /// use idem::Plan;
    ///
    /// const PLAN: Plan = Plan::count().limit(3);
    /// ```
    pub const fn count() -> Self {
        Self { strategy: Strategy::Count, on_err: OnErr::Hold, ..Self::setnx() }
    }

    /// A durable claim in the caller's own database, with the times of [`setnx`](Plan::setnx).
    pub const fn db() -> Self {
        Self { strategy: Strategy::Db, ..Self::setnx() }
    }

    /// One use of a token that [`Idem::issue_token`](crate::Idem::issue_token) has made and that the
    /// call's key brings along, by [`Key::token`](crate::Key::token). Its use is recorded in Redis
    /// or in memory, with the times of [`setnx`](Plan::setnx), and for as long as the token could be
    /// taken.
    ///
    /// ```
    /// use idem::{Idem, Plan};
    /// use std::time::Duration;
    ///
    /// const PLAN: Plan = Plan::token();
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// let idem = Idem::builder().memory().token_secret([7; 32]).build().await?;
    /// let user = 42;
    /// let token = idem.issue_token(&idem::key!("pay:{user}"), Duration::from_mins(15))?;
    /// // The client sends it back, twice perhaps.
    /// for _ in 0..2 {
    ///     let key = idem::key!("pay:{user}").token(&token);
    ///     let paid = idem.call(&PLAN, key, async { Ok::<_, idem::Error>(12) }).await?;
    /// }
    /// # Ok::<(), idem::Error>(()) }).unwrap();
    /// ```
    pub const fn token() -> Self {
        Self { strategy: Strategy::Token(Kept::Kv), ..Self::setnx() }
    }

    /// As [`token`](Plan::token), with its use recorded in the caller's own database.
    pub const fn token_in_db() -> Self {
        Self { strategy: Strategy::Token(Kept::Db), ..Self::setnx() }
    }

    /// A transition of a row in the caller's own table, in the caller's own transaction: by
    /// [`Idem::call_tx`](crate::Idem::call_tx), of a key that has a
    /// [transition](crate::Key::transition).
    pub const fn state() -> Self {
        Self { strategy: Strategy::State, ..Self::setnx() }
    }

    /// Retention: how long a completed record answers duplicates; for [`count`](Plan::count) the
    /// window too. A day unless set.
    pub const fn ttl(self, ttl: Duration) -> Self {
        Self { ttl, ..self }
    }

    /// How long a claim stands without renewal, at most half of the retention. 30 seconds unless
    /// set, or half of the retention where that is less. Renewed every third of it while the
    /// body lives.
    pub const fn lease(self, lease: Duration) -> Self {
        Self { lease: Some(lease), ..self }
    }

    /// How long the body may take. Past that it is dropped, the caller gets
    /// [`Error::TimedOut`](crate::Error::TimedOut), and the claim is held till its lease lapses.
    pub const fn max_runtime(self, max_runtime: Duration) -> Self {
        Self { max_runtime: Some(max_runtime), ..self }
    }

    /// How long a duplicate in flight waits for the result. Unless set it does not wait.
    pub const fn wait(self, wait: Duration) -> Self {
        Self { wait: Some(wait), ..self }
    }

    /// A duplicate of a completed call gets [`Error::Duplicate`](crate::Error::Duplicate) in place
    /// of the result, and no result is stored.
    pub const fn reject_duplicates(self) -> Self {
        Self { on_duplicate: OnDuplicate::Reject, ..self }
    }

    /// What becomes of the claim when the body returns an `Err`. Released unless set; held for
    /// [`count`](Plan::count).
    pub const fn on_err(self, on_err: OnErr) -> Self {
        Self { on_err, ..self }
    }

    /// What a call does when the store can't be asked. It fails unless set.
    pub const fn on_outage(self, on_outage: OnOutage) -> Self {
        Self { on_outage, ..self }
    }

    /// For [`count`](Plan::count): how many attempts a window has, 1 to a million. One unless set.
    pub const fn limit(self, limit: u32) -> Self {
        Self { limit: Some(limit), ..self }
    }

    /// How many attempts a window has, where they are counted.
    pub(crate) fn counts_to(&self) -> Option<u32> {
        (self.strategy == Strategy::Count).then(|| self.limit.unwrap_or(1))
    }

    pub(crate) fn lease_or_default(&self) -> Duration {
        self.lease.unwrap_or_else(|| DEFAULT_LEASE.min(self.ttl / 2))
    }

    /// The same plan with a retention of at least `least`. Its lease stays what it is without that.
    pub(crate) fn kept_for(self, least: Duration) -> Self {
        Self { ttl: self.ttl.max(least), lease: Some(self.lease_or_default()), ..self }
    }
}
