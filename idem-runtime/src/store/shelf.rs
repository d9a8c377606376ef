//! The store that an engine holds: one of ours without an indirection, or a user's own.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::{Change, Claim, Claimed, Found, Memory, Name, Record, Settled, Store, StoreError};
use crate::__private::crash;
use crate::observe;

/// A store, by its kind.
///
/// What a call asks of Redis is not boxed, large as its future is: over a kibibyte glibc's allocator
/// has no quick way, and the box costs more than the rest of the step. What people ask is boxed.
#[derive(Clone)]
pub(crate) enum Shelf {
    Memory(Arc<Memory>),
    #[cfg(feature = "redis")]
    Redis(Arc<super::Redis>),
    #[cfg(feature = "_sql")]
    Sql(super::sql::Database),
    Own(Arc<dyn Erased>, Duration),
}

impl Shelf {
    /// A user's own store, which has `timeout` to answer each step.
    pub(crate) fn own(store: impl Store, timeout: Duration) -> Self {
        Self::Own(Arc::new(store), timeout)
    }

    /// Whether it counts attempts.
    pub(crate) fn counts(&self) -> bool {
        match self {
            Self::Memory(_) => Memory::COUNTS,
            #[cfg(feature = "redis")]
            Self::Redis(_) => super::Redis::COUNTS,
            #[cfg(feature = "_sql")]
            Self::Sql(_) => super::sql::Database::COUNTS,
            Self::Own(own, _) => own.counts(),
        }
    }

    pub(crate) async fn claim(&self, claim: Claim<'_>) -> Result<Claimed, StoreError> {
        crash::before("claim");
        let claimed = match self {
            Self::Memory(memory) => memory.claim(claim).await,
            #[cfg(feature = "redis")]
            Self::Redis(redis) => redis.claim(claim).await,
            #[cfg(feature = "_sql")]
            Self::Sql(database) => Box::pin(database.claim(claim)).await,
            Self::Own(own, timeout) => within(*timeout, own.claim_boxed(claim)).await,
        };
        crash::after("claim");
        claimed
    }

    pub(crate) async fn settle(
        &self,
        name: &Name,
        running: &Record,
        change: Change<'_>,
    ) -> Result<Settled, StoreError> {
        crash::before(observe::op(change));
        let settled = match self {
            Self::Memory(memory) => memory.settle(name, running, change).await,
            #[cfg(feature = "redis")]
            Self::Redis(redis) => redis.settle(name, running, change).await,
            #[cfg(feature = "_sql")]
            Self::Sql(database) => Box::pin(database.settle(name, running, change)).await,
            Self::Own(own, timeout) => {
                within(*timeout, own.settle_boxed(name, running, change)).await
            }
        };
        crash::after(observe::op(change));
        settled
    }

    pub(crate) async fn get(&self, name: &Name) -> Result<Option<Found>, StoreError> {
        match self {
            Self::Memory(memory) => memory.get(name).await,
            #[cfg(feature = "redis")]
            Self::Redis(redis) => Box::pin(redis.get(name)).await,
            #[cfg(feature = "_sql")]
            Self::Sql(database) => Box::pin(database.get(name)).await,
            Self::Own(own, timeout) => within(*timeout, own.get_boxed(name)).await,
        }
    }
}

async fn within<T>(
    timeout: Duration,
    answer: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let late = |_| StoreError::unknown("the store did not answer within its time-out");
    tokio::time::timeout(timeout, answer).await.map_err(late)?
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// [`Store`] with its futures boxed, so that a user's store needs no type parameter on the engine.
pub(crate) trait Erased: Send + Sync {
    fn counts(&self) -> bool;
    fn claim_boxed<'a>(&'a self, claim: Claim<'a>) -> BoxFuture<'a, Claimed>;
    fn settle_boxed<'a>(
        &'a self,
        name: &'a Name,
        running: &'a Record,
        change: Change<'a>,
    ) -> BoxFuture<'a, Settled>;
    fn get_boxed<'a>(&'a self, name: &'a Name) -> BoxFuture<'a, Option<Found>>;
}

impl<S: Store> Erased for S {
    fn counts(&self) -> bool {
        S::COUNTS
    }

    fn claim_boxed<'a>(&'a self, claim: Claim<'a>) -> BoxFuture<'a, Claimed> {
        Box::pin(Store::claim(self, claim))
    }

    fn settle_boxed<'a>(
        &'a self,
        name: &'a Name,
        running: &'a Record,
        change: Change<'a>,
    ) -> BoxFuture<'a, Settled> {
        Box::pin(Store::settle(self, name, running, change))
    }

    fn get_boxed<'a>(&'a self, name: &'a Name) -> BoxFuture<'a, Option<Found>> {
        Box::pin(Store::get(self, name))
    }
}

#[cfg(test)]
mod tests;
