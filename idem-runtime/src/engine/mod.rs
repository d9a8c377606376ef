//! The engine: stores, names, and what runs under them.

mod builder;
mod current;
#[cfg(feature = "_sql")]
mod database;
mod env;
mod people;
mod register;
mod tokens;
mod work;

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

pub use builder::Builder;
pub use people::Entry;
pub(crate) use work::Running;

use crate::error::Error;
use crate::flights::Flights;
use crate::key::Key;
use crate::plan::{Kept, Strategy};
use crate::site::Site;
use crate::store::{Memory, Name, Shelf};
use crate::token::Ring;
use register::Register;
use work::Work;

/// The engine: it claims, runs, stores and replays. A cheap clone.
///
/// One engine for a program is made at start-up and installed; a test makes its own and scopes it.
///
/// ```
/// use idem::{Idem, idempotent};
///
/// #[idempotent(key = "greet:{name}", strategy = "setnx")]
/// async fn greet(name: &str) -> Result<String, idem::Error> {
///     Ok(format!("hello, {name}"))
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let idem = Idem::in_memory();
/// assert_eq!(idem.scope(greet("ada")).await?, "hello, ada");
/// # Ok::<(), idem::Error>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct Idem(Arc<Inner>);

struct Inner {
    id: usize,
    kv: Option<Shelf>,
    db: Option<Shelf>,
    /// What `db` keeps its records in, for those who ask it more than a store's steps.
    #[cfg(feature = "_sql")]
    database: Option<crate::store::sql::Database>,
    #[cfg(feature = "_sql")]
    sweeper: Option<database::Sweeper>,
    /// Encoded, with the `:` that follows it.
    prefix: String,
    holder: String,
    max_result: usize,
    disabled: bool,
    tokens: Ring,
    flights: Flights,
    register: Register,
    work: Work,
}

static NEXT_ID: AtomicUsize = AtomicUsize::new(1);

impl Idem {
    /// An engine that keeps its records in this process, on tokio's clock: for tests, and for
    /// programs that are one process. Needs no server and can't fail. Its tokens are signed by a
    /// secret of its own, so that no other engine takes them.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::of(Settings {
            kv: Some(Shelf::Memory(Arc::new(Memory::new()))),
            tokens: Ring::random(),
            ..Settings::default()
        })
    }

    /// Starts an engine of chosen stores and settings.
    pub fn builder() -> Builder {
        Builder::new()
    }

    fn of(settings: Settings) -> Self {
        #[cfg(feature = "_sql")]
        let sweeper = settings.sweeper();
        #[cfg(feature = "_sql")]
        let database = settings.database;
        let Settings { kv, db, prefix, holder, max_result, disabled, tokens, .. } = settings;
        Self(Arc::new(Inner {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            kv,
            db,
            #[cfg(feature = "_sql")]
            database,
            #[cfg(feature = "_sql")]
            sweeper,
            prefix: Name::start(&prefix),
            holder,
            max_result,
            disabled,
            tokens,
            flights: Flights::default(),
            register: Register::default(),
            work: Work::default(),
        }))
    }

    /// Waits until no body is in flight and nothing is settled in the background any more, for at
    /// most `deadline`. Every attempt is told at once, by [`Attempt::cancelled`], also one that runs
    /// unguarded, and one that starts later; the sweep in the background ends.
    ///
    /// Returns how many were still in flight at the deadline. Calls that come in the meantime are
    /// served: stop the servers and consumers first.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// let idem = idem::Idem::in_memory();
    /// let left = idem.shutdown(Duration::from_secs(30)).await;
    /// assert_eq!(left, 0);
    /// # });
    /// ```
    ///
    /// [`Attempt::cancelled`]: crate::Attempt::cancelled
    pub async fn shutdown(&self, deadline: Duration) -> usize {
        #[cfg(feature = "_sql")]
        self.0.sweeper.iter().for_each(database::Sweeper::stop);
        self.0.flights.cancel_all();
        self.0.work.idle_within(deadline).await
    }

    pub(crate) fn id(&self) -> usize {
        self.0.id
    }

    pub(crate) fn flights(&self) -> &Flights {
        &self.0.flights
    }

    pub(crate) fn holder(&self) -> &str {
        &self.0.holder
    }

    pub(crate) fn max_result(&self) -> usize {
        self.0.max_result
    }

    pub(crate) fn is_disabled(&self) -> bool {
        self.0.disabled
    }

    /// The key's full name.
    pub(crate) fn name(&self, key: &Key) -> Name {
        Name::joined(&self.0.prefix, key.text())
    }

    /// Where a strategy keeps its records.
    pub(crate) fn place(&self, strategy: Strategy) -> Result<Place, Error> {
        match strategy {
            _ if self.0.disabled => {
                Err(Error::config("this engine is disabled: it has no records"))
            }
            Strategy::Setnx | Strategy::Token(Kept::Kv) if self.0.kv.is_some() => Ok(Place::Kv),
            Strategy::Setnx => Err(Error::config(NO_STORE)),
            Strategy::Count => match &self.0.kv {
                Some(kv) if kv.counts() => Ok(Place::Kv),
                Some(_) => Err(Error::config(COUNTS_NOT)),
                None => Err(Error::config(NO_COUNTER)),
            },
            Strategy::Token(Kept::Kv) => Err(Error::config(NO_STORE_FOR_TOKENS)),
            Strategy::Db | Strategy::State | Strategy::Token(Kept::Db) if self.0.db.is_some() => {
                Ok(Place::Db)
            }
            Strategy::Db | Strategy::State => Err(Error::config(NO_DATABASE)),
            Strategy::Token(Kept::Db) => Err(Error::config(NO_DATABASE_FOR_TOKENS)),
        }
    }

    /// The store at a place that [`place`](Self::place) has found.
    pub(crate) fn shelf_at(&self, place: Place) -> &Shelf {
        let kept = match place {
            Place::Kv => &self.0.kv,
            Place::Db => &self.0.db,
        };
        kept.as_ref().unwrap_or_else(|| unreachable!("a place is one that the engine has"))
    }

    /// The stores that a key of unknown strategy may be in.
    pub(crate) fn shelves(&self) -> impl Iterator<Item = &Shelf> {
        self.0.kv.iter().chain(&self.0.db)
    }

    /// # Errors
    ///
    /// [`Error::Config`] when another function has the site's operation on this engine.
    pub(crate) fn register(&self, site: &'static Site) -> Result<(), Error> {
        self.0.register.enter(self.0.id, site)
    }

    /// Leases are renewed by tokio's timer: without one no claim is made. Looked at once a thread.
    pub(crate) fn check_runtime() -> Result<(), Error> {
        thread_local! {
            static HAS_TIMER: Cell<bool> = const { Cell::new(false) };
        }
        if HAS_TIMER.get() {
            return Ok(());
        }
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(Error::config("a guarded call runs inside a tokio runtime"));
        }
        // Nothing else tells whether there is a timer.
        std::panic::catch_unwind(|| drop(tokio::time::sleep(Duration::ZERO))).map_err(|_| {
            Error::config("a guarded call needs tokio's timer: `enable_time()` on the runtime")
        })?;
        HAS_TIMER.set(true);
        Ok(())
    }
}

/// Which of an engine's stores: small, and not counted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    /// Redis, memory, or a user's own.
    Kv,
    Db,
}

const NO_STORE: &str = "`setnx` needs a store: `.redis(url)` or `.memory()` on the builder";

const NO_COUNTER: &str = "`count` is kept in Redis, Valkey or memory, and not in a database: \
                          `.redis(url)` or `.memory()` on the builder, beside the database if there is one";

const COUNTS_NOT: &str = "this engine's store does not count attempts, as `count` asks: `.redis(url)` or `.memory()` on \
                          the builder, or a store of your own whose `Store::COUNTS` is true";
const NO_STORE_FOR_TOKENS: &str = "`token` records its uses in Redis or memory: `.redis(url)` or \
                                   `.memory()` on the builder, or `store = \"db\"` on the function";

const NO_DATABASE: &str = "`db` needs a database: `.postgres(pool)`, `.mysql(pool)`, \
                           `.sqlite(pool)` or `.database(url)` on the builder";

const NO_DATABASE_FOR_TOKENS: &str = "`store = \"db\"` needs a database: `.postgres(pool)`, \
                                      `.mysql(pool)`, `.sqlite(pool)` or `.database(url)` on the builder";

/// What an engine is made of.
pub(crate) struct Settings {
    kv: Option<Shelf>,
    db: Option<Shelf>,
    #[cfg(feature = "_sql")]
    database: Option<crate::store::sql::Database>,
    #[cfg(feature = "_sql")]
    sweep_every: Duration,
    prefix: String,
    holder: String,
    max_result: usize,
    disabled: bool,
    tokens: Ring,
}

const DEFAULT_PREFIX: &str = "idem";
const DEFAULT_MAX_RESULT: usize = 1024 * 1024;

impl Default for Settings {
    fn default() -> Self {
        Self {
            kv: None,
            db: None,
            #[cfg(feature = "_sql")]
            database: None,
            #[cfg(feature = "_sql")]
            sweep_every: Duration::from_mins(1),
            prefix: DEFAULT_PREFIX.to_owned(),
            holder: builder::host_and_process(),
            max_result: DEFAULT_MAX_RESULT,
            disabled: false,
            tokens: Ring::default(),
        }
    }
}

impl fmt::Debug for Idem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Idem").field("prefix", &self.0.prefix).finish_non_exhaustive()
    }
}
