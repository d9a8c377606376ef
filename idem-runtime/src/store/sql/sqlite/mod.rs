//! Records in SQLite.

mod batches;
mod guard;
mod inside;
mod steps;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{Row as _, SqlStr, Sqlite as Db, SqlitePool, Transaction};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use self::batches::{Claims, Completions, Writers};
use super::batch::Senders;
use super::lane::Lane;
use super::migrations::{Migration, is_current};
use super::statements::{Named, Statements, statements};
use super::step::{Dialect, Statement, Step, Verdict};
use super::table::Table;
use super::{BATCH, outage};
use crate::error::Error;
use crate::store::StoreError;

/// Records in SQLite, in a table of the caller's file.
///
/// Made by [`Builder::sqlite`](crate::Builder::sqlite), or by itself to be asked directly. Each
/// step is statements that commit by themselves; the writing ones of one process come one after
/// another, since the file has one writer at a time.
///
/// Its clock is the machine's, in milliseconds: the processes that share the file share that, too.
///
/// ```no_run
/// # async fn main_(pool: sqlx::SqlitePool) -> Result<(), idem::Error> {
/// use idem::store::Sqlite;
/// use std::time::Duration;
///
/// let records = Sqlite::new(pool, "idem_records", Duration::from_secs(5))?;
/// records.migrate().await?;
/// # Ok(()) }
/// ```
pub struct Sqlite {
    pool: SqlitePool,
    timeout: Duration,
    table: Table,
    statements: Arc<Statements>,
    expired: SqlStr,
    writing: Arc<Mutex<()>>,
    claims: Lane<Claims>,
    completions: Lane<Completions>,
}

const MIGRATIONS: &str = include_str!("migrations.sql");
const VERSIONS: &str = include_str!("versions.sql");

impl Sqlite {
    /// Records in the table of this name, `name` or `schema.name`. Each step has `timeout`, its
    /// wait for a connection and for the file's lock included.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for a table name that is not safe to stand in a statement.
    pub fn new(pool: SqlitePool, table: &str, timeout: Duration) -> Result<Self, Error> {
        let table = Table::new(table, '"')?;
        let statements = Arc::new(statements!(table));
        let senders = Senders { pool: pool.clone(), statements: Arc::clone(&statements), timeout };
        let writing = Arc::default();
        let writers = Writers { senders, writing: Arc::clone(&writing) };
        let claims = Lane::new(Claims(writers.clone()), timeout);
        let completions = Lane::new(Completions(writers), timeout);
        let expired = table.statement(include_str!("expired.sql"));
        Ok(Self { pool, timeout, table, statements, expired, writing, claims, completions })
    }

    /// A pool of the engine's own on a file: with a log that readers don't wait for, and commits
    /// that outlive the machine's power.
    pub(crate) fn own_pool(options: SqliteConnectOptions, timeout: Duration) -> SqlitePool {
        let options = options
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(timeout);
        SqlitePoolOptions::new().test_before_acquire(false).connect_lazy_with(options)
    }

    /// Options for a file that may not be there yet.
    pub(crate) fn file(path: &Path) -> SqliteConnectOptions {
        SqliteConnectOptions::new().filename(path)
    }

    /// Looks at the file.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for records that no other connection would see, [`Error::Outage`] when it
    /// can't be opened.
    pub(crate) async fn check(&self) -> Result<(), Error> {
        let file = "select file from pragma_database_list where name = 'main'";
        let file = self.step().row(|| sqlx::query(file)).await?;
        let is_memory = file.is_none_or(|row| row.get::<String, _>(0).is_empty());
        if is_memory && !self.is_shared() {
            return Err(Error::config(
                "each connection of a pool to an SQLite in memory has records of its own: take a \
                 file, or a pool of one connection",
            ));
        }
        let mode = self.step().row(|| sqlx::query("pragma journal_mode")).await?;
        let is_wal = mode.is_some_and(|row| row.get::<String, _>(0) == "wal");
        if !is_wal && !is_memory {
            tracing::warn!(
                "this SQLite file is not in WAL mode: readers and writers wait for each other"
            );
        }
        Ok(())
    }

    /// Whether what is in memory is there for all connections of the pool.
    fn is_shared(&self) -> bool {
        // The file system `memdb` shares what has a name with a slash before it.
        self.pool.options().get_max_connections() == 1
            || self.pool.connect_options().get_filename().starts_with("/")
    }

    /// Makes the table, or brings it up to this version of the library. Safe to run from many
    /// processes at once.
    ///
    /// # Errors
    ///
    /// [`Error::Outage`] when the file can't be written, or is locked for longer than the
    /// connections wait.
    pub async fn migrate(&self) -> Result<(), Error> {
        if is_current(&self.pool, &self.table, MIGRATIONS).await? {
            return Ok(());
        }
        let _one_at_a_time = self.writing.lock().await;
        let mut transaction = self.begin().await?;
        for migration in Migration::all(MIGRATIONS) {
            let script = migration.script(&self.table, VERSIONS);
            sqlx::raw_sql(script).execute(&mut *transaction).await.map_err(outage)?;
        }
        transaction.commit().await.map_err(outage)
    }

    /// What [`migrate`](Self::migrate) does, as SQL for people who run it themselves: each part
    /// may be run again.
    #[must_use]
    pub fn migrations(&self) -> String {
        Migration::print(MIGRATIONS, &self.table, VERSIONS)
    }

    /// Deletes what has expired, in batches; returns how many records. Nothing depends on it but
    /// the file's size. Safe from many processes at once.
    ///
    /// # Errors
    ///
    /// [`Error::Outage`] when the file can't be written.
    pub async fn sweep(&self) -> Result<u64, Error> {
        let mut all = 0;
        loop {
            let begun = Instant::now();
            // Who only looks doesn't lock the file.
            let expired = || sqlx::query(self.expired.clone()).bind(BATCH);
            let expired = self.step().row(expired).await?.map_or(0, |row| row.get(0));
            if expired == 0 {
                return Ok(all);
            }
            let sweep = || sqlx::query(self.statements.sweep.clone()).bind(expired);
            all += self.write(&mut self.step(), sweep).await?.len() as u64;
            if expired < BATCH {
                return Ok(all);
            }
            // Other processes' writers look now and then whether the file is free.
            tokio::time::sleep(begun.elapsed()).await;
        }
    }

    /// Begins to write, which another process may be doing for longer than a connection waits.
    async fn begin(&self) -> Result<Transaction<'_, Db>, Error> {
        let mut left = 100;
        loop {
            match self.pool.begin_with("begin immediate").await {
                Err(sqlx::Error::Database(error))
                    if left > 0 && Db::verdict(&*error) == Verdict::Again =>
                {
                    left -= 1;
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                begun => return begun.map_err(outage),
            }
        }
    }

    fn step(&self) -> Step<'_, Db> {
        Step::new(&self.pool, self.timeout)
    }

    /// The rows of a statement that writes. Writers of this process queue here, in order, and hold
    /// no connection meanwhile; only those of other processes are met in the file.
    async fn write(
        &self,
        step: &mut Step<'_, Db>,
        statement: impl Fn() -> Statement<Db>,
    ) -> Result<Vec<SqliteRow>, StoreError> {
        match timeout_at(step.deadline(), self.writing.lock()).await {
            Ok(_writing) => step.rows(statement).await,
            Err(_) => Err(step.failed("the file was locked until the time-out".into())),
        }
    }
}

impl Named for Db {
    type Name<'n> = &'n str;

    fn name(name: &str) -> &str {
        name
    }
}

impl Dialect for Db {
    fn verdict(error: &dyn DatabaseError) -> Verdict {
        const BUSY: i32 = 5;
        const LOCKED: i32 = 6;
        // The lower byte of an extended code is the code.
        match error.code().and_then(|code| code.parse::<i32>().ok()).map(|code| code & 0xff) {
            Some(BUSY | LOCKED) => Verdict::Again,
            _ => Verdict::Final,
        }
    }

    fn is_missing_table(error: &dyn DatabaseError) -> bool {
        error.message().starts_with("no such table")
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite").field("table", &self.table).finish_non_exhaustive()
    }
}
