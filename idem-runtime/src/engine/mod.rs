//! The engine: its stores, and what all calls on it share.

mod builder;
mod current;
#[cfg(feature = "_sql")]
mod database;
mod env;
mod people;
mod place;
mod register;
mod settings;
mod tokens;
mod work;

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

pub use builder::Builder;
pub use people::Entry;
pub(crate) use place::Place;

use crate::error::Error;
use crate::flights::Flights;
use crate::key::Key;
use crate::site::Site;
use crate::store::{Memory, Name, Shelf};
use crate::token::Ring;
use register::Register;
use settings::Settings;
use work::Work;

/// The engine: it claims, runs, stores and replays. Cheap to clone.
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

impl fmt::Debug for Idem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Idem").field("prefix", &self.0.prefix).finish_non_exhaustive()
    }
}
