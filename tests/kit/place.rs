//! Where records are kept, for a test that must hold on every store.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use idem::store::{Dialect, Memory, Redis, RedisOptions};
use idem::{Builder, Idem};

use crate::redis::{Flavour, Server};

/// One store, with a prefix of this test's own.
///
/// ```
/// # async fn test() {
/// let place = kit::place::Place::memory();
/// let (one, other) = (place.engine().await, place.engine().await); // two engines, one store
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Place {
    kind: Kind,
    prefix: String,
}

#[derive(Debug, Clone)]
enum Kind {
    Memory(Arc<Memory>),
    Redis(&'static Server, Dialect),
}

impl Place {
    /// In this process.
    #[must_use]
    pub fn memory() -> Self {
        Self::of(Kind::Memory(Arc::new(Memory::new())))
    }

    /// Redis 7: claims by `SET … NX GET`, the rest by scripts.
    #[must_use]
    pub fn redis() -> Self {
        Self::of(Kind::Redis(Server::shared(Flavour::Redis), Dialect::Native))
    }

    /// The same server, spoken to as one before Redis 7: by scripts alone.
    #[must_use]
    pub fn scripts() -> Self {
        Self::of(Kind::Redis(Server::shared(Flavour::Redis), Dialect::Scripts))
    }

    /// Valkey 9: claims and settles without a script.
    #[must_use]
    pub fn valkey() -> Self {
        Self::of(Kind::Redis(Server::shared(Flavour::Valkey), Dialect::Native))
    }

    fn of(kind: Kind) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let prefix = format!("t{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self { kind, prefix }
    }

    /// The prefix of this test's records.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The server, where there is one.
    #[must_use]
    pub fn server(&self) -> Option<&'static Server> {
        match self.kind {
            Kind::Memory(_) => None,
            Kind::Redis(server, _) => Some(server),
        }
    }

    /// A builder of an engine on this store.
    ///
    /// # Panics
    ///
    /// When the server does not answer.
    pub async fn builder(&self) -> Builder {
        let builder = Idem::builder().prefix(&self.prefix);
        match &self.kind {
            Kind::Memory(memory) => builder.store(Arc::clone(memory)),
            Kind::Redis(server, Dialect::Native) => builder.redis(server.url()),
            Kind::Redis(server, dialect) => {
                let timeout = Duration::from_secs(5);
                let redis = Redis::connect(
                    &server.url(),
                    &RedisOptions { timeout, at_most: *dialect, ..RedisOptions::default() },
                )
                .await;
                builder.store(redis.expect("the server answers"))
            }
        }
        .timeout(Duration::from_secs(5))
    }

    /// An engine on this store, with connections of its own: as another process would have.
    ///
    /// # Panics
    ///
    /// When the server does not answer.
    pub async fn engine(&self) -> Idem {
        self.builder().await.build().await.expect("the server answers")
    }
}
