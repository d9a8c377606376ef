//! How an engine is set up.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Idem;
use super::settings::Settings;
use crate::error::Error;
use crate::record::LONGEST_HOLDER;
#[cfg(feature = "_sql")]
use crate::store::sql;
use crate::store::{Memory, Shelf, Store, check_timeout};
#[cfg(feature = "redis")]
use crate::store::{Redis, RedisOptions};
use crate::token::RingBuilder;

/// An engine to be. From [`Idem::builder`].
///
/// ```no_run
/// # async fn main_() -> Result<(), idem::Error> {
/// use idem::Idem;
/// use std::time::Duration;
///
/// let idem = Idem::builder()
///     .redis("redis://127.0.0.1/")
///     .prefix("shop")
///     .timeout(Duration::from_millis(500))
///     .build()
///     .await?;
/// # Ok(()) }
/// ```
#[must_use]
pub struct Builder {
    kv: Vec<Kv>,
    #[cfg(feature = "_sql")]
    db: Vec<sql::Source>,
    #[cfg(feature = "_sql")]
    table: String,
    settings: Settings,
    pub(super) tokens: RingBuilder,
    timeout: Duration,
    #[cfg(feature = "redis")]
    accept_eviction: bool,
}

enum Kv {
    Memory,
    #[cfg(feature = "redis")]
    Redis(String),
    Own(Box<dyn FnOnce(Duration) -> Shelf + Send>),
}

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(1);
const LONGEST_PREFIX: usize = 100;

impl Builder {
    pub(super) fn new() -> Self {
        let settings = Settings::default();
        Self {
            kv: Vec::new(),
            #[cfg(feature = "_sql")]
            db: Vec::new(),
            #[cfg(feature = "_sql")]
            table: sql::DEFAULT_TABLE.to_owned(),
            settings,
            tokens: RingBuilder::default(),
            timeout: DEFAULT_TIMEOUT,
            #[cfg(feature = "redis")]
            accept_eviction: false,
        }
    }

    /// Keeps the records of `setnx`, `count` and `token` in this process: for tests, and for programs
    /// that are one process.
    pub fn memory(mut self) -> Self {
        self.kv.push(Kv::Memory);
        self
    }

    /// Keeps the records of `setnx`, `count` and `token` in this Redis or Valkey server:
    /// `redis://[user:password@]host[:port][/db]`, or `rediss://` with the feature `redis-rustls`.
    #[cfg(feature = "redis")]
    pub fn redis(mut self, url: impl Into<String>) -> Self {
        self.kv.push(Kv::Redis(url.into()));
        self
    }

    /// Keeps the records of `db` and `state` in Postgres, by the caller's own pool.
    ///
    /// Each step takes a connection for the time of one statement. A pool all of whose connections
    /// are held by bodies can't renew their leases: give it more than there are such bodies.
    ///
    /// ```no_run
    /// # async fn start(pool: sqlx::PgPool) -> Result<(), idem::Error> {
    /// let idem = idem::Idem::builder().postgres(pool).build().await?;
    /// idem.migrate().await?; // or run what `migrations` prints
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "postgres")]
    pub fn postgres(mut self, pool: sqlx::PgPool) -> Self {
        self.db.push(sql::Source::Postgres(pool));
        self
    }

    /// Keeps the records of `db` and `state` in MySQL or MariaDB, by the caller's own pool.
    ///
    /// Each step takes a connection for the time of one statement. A pool all of whose connections
    /// are held by bodies can't renew their leases: give it more than there are such bodies.
    #[cfg(feature = "mysql")]
    pub fn mysql(mut self, pool: sqlx::MySqlPool) -> Self {
        self.db.push(sql::Source::MySql(pool));
        self
    }

    /// Keeps the records of `db` and `state` in an SQLite file, by the caller's own pool.
    ///
    /// A file in WAL mode is read while it is written.
    #[cfg(feature = "sqlite")]
    pub fn sqlite(mut self, pool: sqlx::SqlitePool) -> Self {
        self.db.push(sql::Source::Sqlite(pool));
        self
    }

    /// Keeps what `db` commits by itself in a store that is no database.
    #[cfg(feature = "testing")]
    pub(crate) fn db_in(mut self, store: impl Store) -> Self {
        self.settings.db = Some(Shelf::own(store, self.timeout));
        self
    }

    /// Joins the transactions of this database, where `db` keeps what it commits by itself elsewhere.
    #[cfg(all(feature = "sqlite", feature = "testing"))]
    pub(crate) fn joins(mut self, database: sql::Database) -> Self {
        self.settings.database = Some(database);
        self
    }

    /// Keeps the records of `db` and `state` in a file of the engine's own.
    #[cfg(feature = "sqlite")]
    pub(super) fn file(mut self, path: std::path::PathBuf) -> Self {
        self.db.push(sql::Source::File(path));
        self
    }

    /// Keeps the records of `db` and `state` in the database of this URL, by a pool of the engine's own:
    /// `postgres://…`, `mysql://…` (MariaDB as well) or `sqlite://…`, with the feature of that name.
    #[cfg(feature = "_sql")]
    #[cfg_attr(docsrs, doc(cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))))]
    pub fn database(mut self, url: impl Into<String>) -> Self {
        self.db.push(sql::Source::Url(url.into()));
        self
    }

    /// The table of records, `name` or `schema.name`: `idem_records` unless set.
    /// [`Idem::migrate`] makes it.
    #[cfg(feature = "_sql")]
    #[cfg_attr(docsrs, doc(cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))))]
    pub fn table(mut self, name: impl Into<String>) -> Self {
        self.table = name.into();
        self
    }

    /// How often the engine deletes what has expired in its database: every minute unless set.
    /// [`Duration::ZERO`] leaves it to whoever calls [`Idem::sweep`].
    #[cfg(feature = "_sql")]
    #[cfg_attr(docsrs, doc(cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))))]
    pub fn sweep_every(mut self, pause: Duration) -> Self {
        self.settings.sweep_every = pause;
        self
    }

    /// Keeps the records of `setnx`, `token` and, where it [counts](Store::COUNTS), `count` in a store
    /// of your own. It has [`timeout`](Builder::timeout) to answer each step.
    pub fn store(mut self, store: impl Store) -> Self {
        self.kv.push(Kv::Own(Box::new(|timeout| Shelf::own(store, timeout))));
        self
    }

    /// The namespace in a shared store, 1 to 100 bytes: `idem` unless set.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.settings.prefix = prefix.into();
        self
    }

    /// How long one step of the store may take, its connection and its retries included: a
    /// millisecond to an hour, a second unless set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The largest encoded result that is stored, in bytes: 1 MiB unless set. A larger one goes to
    /// its caller, and duplicates get [`Error::ResultNotStored`].
    pub fn max_result(mut self, bytes: usize) -> Self {
        self.settings.max_result = bytes;
        self
    }

    /// Who holds this engine's claims, for people who look at a record: at most 64 bytes of it are
    /// kept. `host/pid` unless set.
    pub fn holder(mut self, holder: impl Into<String>) -> Self {
        self.settings.holder = holder.into();
        self
    }

    /// Accepts a Redis that may evict records under memory pressure: an evicted claim runs twice.
    #[cfg(feature = "redis")]
    pub fn accept_eviction(mut self) -> Self {
        self.accept_eviction = true;
        self
    }

    /// Runs every body unguarded, and asks no store: for a machine on which the effect may happen
    /// as often as it likes. What needs no record holds all the same: tokens are verified, transitions are guarded, and
    /// an `Err` undoes what a body has written in its caller's transaction.
    pub fn disabled(mut self) -> Self {
        self.settings.disabled = true;
        self
    }

    /// Builds the engine: connects, and looks at what the server is.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when no store is named, or two for the same strategies, when a setting is
    /// out of its bounds or a token's key can't be used, or when the server can't keep claims (it evicts, or is a replica)
    /// or results of that size;
    /// [`Error::Outage`] when it does not answer within the time-out.
    ///
    /// ```no_run
    /// # #[cfg(feature = "redis")]
    /// # async fn start() -> Result<(), idem::Error> {
    /// use std::time::Duration;
    ///
    /// let idem = idem::Idem::builder()
    ///     .redis("redis://127.0.0.1/")
    ///     .prefix("shop")
    ///     .timeout(Duration::from_millis(500))
    ///     .max_result(64 * 1024)
    ///     .build()
    ///     .await?;
    /// idem.install()?;
    /// # Ok(()) }
    /// ```
    #[cfg_attr(
        not(any(feature = "redis", feature = "_sql")),
        expect(clippy::unused_async, reason = "other stores connect")
    )]
    pub async fn build(mut self) -> Result<Idem, Error> {
        self.check()?;
        self.settings.tokens = std::mem::take(&mut self.tokens).build()?;
        if self.settings.disabled {
            tracing::warn!("idem is disabled: every body runs, and nothing is claimed");
        }
        #[cfg(feature = "_sql")]
        if let Some(source) = self.db.pop().filter(|_| !self.settings.disabled) {
            let database = source.open(&self.table, self.timeout).await?;
            database.check_room(self.settings.max_result).await?;
            self.settings.db = Some(Shelf::Sql(database.clone()));
            self.settings.database = Some(database);
        }
        let Some(kv) = self.kv.pop() else { return Ok(Idem::of(self.settings)) };
        self.settings.kv = Some(match kv {
            _ if self.settings.disabled => return Ok(Idem::of(self.settings)),
            Kv::Memory => Shelf::Memory(Arc::new(Memory::new())),
            #[cfg(feature = "redis")]
            Kv::Redis(url) => {
                let options = RedisOptions::default().timeout(self.timeout);
                let options = options.prefix(&self.settings.prefix);
                let options =
                    if self.accept_eviction { options.accept_eviction() } else { options };
                Shelf::Redis(Arc::new(Redis::connect(&url, &options).await?))
            }
            Kv::Own(shelve) => shelve(self.timeout),
        });
        Ok(Idem::of(self.settings))
    }

    /// Whether there is a store, or need of none.
    pub(super) fn is_complete(&self) -> bool {
        self.settings.disabled || !self.kv.is_empty() || self.databases() > 0
    }

    /// How many databases were named.
    #[cfg(feature = "_sql")]
    fn databases(&self) -> usize {
        self.db.len()
    }

    #[cfg(not(feature = "_sql"))]
    #[expect(clippy::unused_self, reason = "with a database it has some")]
    fn databases(&self) -> usize {
        0
    }

    fn check(&mut self) -> Result<(), Error> {
        let (is_complete, databases) = (self.is_complete(), self.databases());
        let Settings { prefix, holder, .. } = &mut self.settings;
        if prefix.is_empty() || prefix.len() > LONGEST_PREFIX {
            return Err(Error::config(format!("a prefix has 1 to {LONGEST_PREFIX} bytes")));
        }
        check_timeout(self.timeout)?;
        if !is_complete {
            return Err(Error::config(
                "no store: name one by `.redis(url)`, `.postgres(pool)`, `.database(url)` or \
                 `.store(mine)`, or ask for one in this process by `.memory()`",
            ));
        }
        if self.kv.len() > 1 {
            return Err(Error::config(
                "an engine takes one of `.redis(url)`, `.memory()` and `.store(mine)`",
            ));
        }
        if databases > 1 {
            return Err(Error::config(
                "an engine takes one of `.postgres(pool)`, `.mysql(pool)`, `.sqlite(pool)` and \
                 `.database(url)`",
            ));
        }
        holder.truncate(holder.floor_char_boundary(LONGEST_HOLDER));
        Ok(())
    }
}

impl fmt::Debug for Builder {
    /// Without the store: a URL may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("prefix", &self.settings.prefix)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
