//! The database of a world: SQLite in memory, which goes with it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

use super::hold::Gate;
use super::world::World;
use crate::engine::{Builder, Idem};
use crate::store::sql;

/// What a world has of a database: nothing, until it is asked for one.
#[derive(Default)]
pub(super) struct Database(OnceLock<(SqlitePool, sql::Database)>);

/// Enough for a delivery, a duplicate beside it, and what each has nested.
const CONNECTIONS: u32 = 8;

impl Database {
    /// The builder of an engine that joins transactions of this database, if there is one.
    pub(super) fn joined_by(&self, builder: Builder) -> Builder {
        match self.0.get() {
            Some((_, database)) => builder.joins(database.clone()).sweep_every(Duration::ZERO),
            None => builder,
        }
    }
}

impl World {
    /// A database for `db` with `tx`, for `state`, and for handlers that write to one: a pool of an
    /// SQLite database in memory, empty but for the table of records, which is gone when the
    /// scenario is. The engines of this world's processes join its transactions.
    ///
    /// Whoever finds it locked is told so at once, as if its busy time-out were over. An `Err` before
    /// the guarded call, such as that of a `begin immediate`, is delivered again.
    ///
    /// # Panics
    ///
    /// After a delivery: its engine has been without.
    ///
    /// ```
    /// use idem::idempotent;
    /// use sqlx::SqliteTransaction;
    ///
    /// #[idempotent(key = "ship:{order}", strategy = "db", tx = tx)]
    /// async fn ship(tx: &mut SqliteTransaction<'_>, order: i64) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    ///     sqlx::query("insert into parcels values (?)").bind(order).execute(&mut **tx).await?;
    ///     Ok(())
    /// }
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// idem::testing::explore(|world| async move {
    ///     let pool = world.sqlite().await;
    ///     sqlx::query("create table parcels (number)").execute(&pool).await.unwrap();
    ///     let shipped = world.deliver(|| async {
    ///         let mut tx = pool.begin_with("begin immediate").await?;
    ///         ship(&mut tx, 7).await?;
    ///         tx.commit().await?;
    ///         Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
    ///     });
    ///     shipped.await.unwrap();
    ///     let parcels: i64 =
    ///         sqlx::query_scalar("select count(*) from parcels").fetch_one(&pool).await.unwrap();
    ///     assert_eq!(parcels, 1, "{world}");
    /// })
    /// .await;
    /// # });
    /// ```
    pub async fn sqlite(&self) -> SqlitePool {
        let database = &self.places().database;
        if let Some((pool, _)) = database.0.get() {
            return pool.clone();
        }
        assert!(
            self.course().deliveries() == 0,
            "idem::testing: `world.sqlite()` comes before the first delivery, whose engine has no \
             database else"
        );
        let gate = Arc::clone(self.course().gate());
        // On a runtime whose clock is not paused: on this one a slow machine would be a time-out.
        let opened = tokio::task::spawn_blocking(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
            runtime.expect("a runtime can be started").block_on(open(gate))
        });
        let (pool, records) = opened.await.expect("SQLite in memory can be opened");
        let asked = pool.clone();
        // A connection that is out may be waited for, and only one that is out.
        let busy = move || asked.size() as usize > asked.num_idle();
        self.course().has_a_database_now(Box::new(busy));
        database.0.get_or_init(|| (pool, records)).0.clone()
    }
}

/// Opens a database with the table of records, and all of its connections.
async fn open(gate: Arc<Gate>) -> (SqlitePool, sql::Database) {
    let pool = pool(gate);
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(pool.acquire().await.expect("a connection"));
    }
    drop(connections);
    let idem = Idem::builder().sqlite(pool.clone()).sweep_every(Duration::ZERO).build().await;
    let idem = idem.expect("an engine");
    idem.migrate().await.expect("an empty database takes the table");
    // Given back on this runtime, or closed with it, and with the last one goes the database.
    while pool.num_idle() < CONNECTIONS as usize {
        tokio::task::yield_now().await;
    }
    (pool, idem.database().expect("it was given one").clone())
}

/// Connections to a database that lives in this process for as long as one of them does.
fn pool(gate: Arc<Gate>) -> SqlitePool {
    static LAST: AtomicUsize = AtomicUsize::new(0);
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    // To the file system in memory, a name with a slash is one that connections share.
    let options = SqliteConnectOptions::new().filename(format!("/idem-world-{number}"));
    let options = options.vfs("memdb").create_if_missing(true);
    // Its waits would be real ones.
    let options = options.busy_timeout(Duration::ZERO);
    let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS);
    let pool = pool.idle_timeout(None).max_lifetime(None).test_before_acquire(false);
    let pool = pool.after_connect(move |connection, _| {
        let gate = Arc::clone(&gate);
        Box::pin(async move {
            // Called by each of its steps.
            connection.lock_handle().await?.set_progress_handler(1, move || {
                gate.pass();
                true
            });
            Ok(())
        })
    });
    pool.connect_lazy_with(options)
}
