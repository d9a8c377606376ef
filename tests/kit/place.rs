//! Where records are kept, for a test that must hold on every store.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use idem::store::{Dialect, Memory, MySql, Postgres, Redis, RedisOptions, Sqlite};
use idem::{Builder, Idem};
use sqlx::mysql::MySqlPoolOptions;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::SqlitePoolOptions;
use tempfile::TempDir;

use crate::database::{self, Server as Database};
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
    Postgres(&'static Database),
    MariaDb(&'static Database),
    Sqlite(Arc<TempDir>),
}

/// How long a step may take on a machine that is busy.
const TIMEOUT: Duration = Duration::from_secs(5);
/// A table's name, and how many connections each engine has.
const TABLE: &str = "idem_records";
const CONNECTIONS: u32 = 8;

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

    /// Postgres.
    #[must_use]
    pub fn postgres() -> Self {
        Self::of(Kind::Postgres(Database::shared(database::Kind::Postgres)))
    }

    /// MariaDB.
    #[must_use]
    pub fn mariadb() -> Self {
        Self::of(Kind::MariaDb(Database::shared(database::Kind::MariaDb)))
    }

    /// SQLite, in a file.
    ///
    /// # Panics
    ///
    /// When there is no temporary folder to be had.
    #[must_use]
    pub fn sqlite() -> Self {
        let folder = TempDir::with_prefix("idem-kit-").expect("a temporary folder can be made");
        Self::of(Kind::Sqlite(Arc::new(folder)))
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

    /// The Redis server, where it is one.
    #[must_use]
    pub fn server(&self) -> Option<&'static Server> {
        match self.kind {
            Kind::Redis(server, _) => Some(server),
            _ => None,
        }
    }

    /// A builder of an engine on this store. In a database the records of `db` and of `setnx` are
    /// in one table: what holds for the one must hold for the other.
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
                let redis = Redis::connect(
                    &server.url(),
                    &RedisOptions::default().timeout(TIMEOUT).at_most(*dialect),
                )
                .await;
                builder.store(redis.expect("the server answers"))
            }
            Kind::Postgres(server) => {
                let pool = PgPoolOptions::new().max_connections(CONNECTIONS);
                let pool = pool.connect_lazy(&server.url()).expect("a URL");
                let store = Postgres::new(pool.clone(), TABLE, TIMEOUT).expect("a table's name");
                store.migrate().await.expect("the server answers");
                builder.store(store).postgres(pool)
            }
            Kind::MariaDb(server) => {
                let pool = MySqlPoolOptions::new().max_connections(CONNECTIONS);
                let pool = pool.connect_lazy(&server.url()).expect("a URL");
                let store = MySql::new(pool.clone(), TABLE, TIMEOUT).expect("a table's name");
                store.migrate().await.expect("the server answers");
                builder.store(store).mysql(pool)
            }
            Kind::Sqlite(folder) => {
                let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS);
                let pool = pool.connect_lazy(&sqlite_url(folder.path())).expect("a URL");
                let wal = sqlx::raw_sql("pragma journal_mode = wal").execute(&pool).await;
                wal.expect("the file can be written");
                let store = Sqlite::new(pool.clone(), TABLE, TIMEOUT).expect("a table's name");
                store.migrate().await.expect("the file can be written");
                builder.store(store).sqlite(pool)
            }
        }
        .timeout(TIMEOUT)
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

/// How a client reaches an SQLite file in this folder.
#[must_use]
pub fn sqlite_url(folder: &std::path::Path) -> String {
    format!("sqlite://{}?mode=rwc", folder.join("idem.sqlite").display())
}
