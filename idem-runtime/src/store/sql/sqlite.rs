//! Records in SQLite.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{Row as _, SqlStr, Sqlite as Db, SqlitePool, Transaction};
use tokio::sync::Mutex;
use tokio::time::timeout_at;

use super::migrations::{Migration, is_current};
use super::row::{Fields, Standing, row_name};
use super::step::{Dialect, Statement, Step, Verdict};
use super::table::Table;
use super::{BATCH, outage};
use crate::error::Error;
use crate::store::{Change, Claim, Claimed, Found, Name, Record, Settled, Store, StoreError};

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
    statements: Statements,
    writing: Mutex<()>,
}

struct Statements {
    claim: SqlStr,
    takeover: SqlStr,
    renew: SqlStr,
    settle: SqlStr,
    get: SqlStr,
    purge: SqlStr,
    sweep: SqlStr,
}

const MIGRATIONS: &str = include_str!("sqlite/migrations.sql");
const VERSIONS: &str = include_str!("sqlite/versions.sql");

impl Sqlite {
    /// Records in the table of this name, `name` or `schema.name`. Each step has `timeout`, its
    /// wait for a connection and for the file's lock included.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for a table name that is not safe to stand in a statement.
    pub fn new(pool: SqlitePool, table: &str, timeout: Duration) -> Result<Self, Error> {
        let table = Table::new(table, '"')?;
        let statements = Statements {
            claim: table.statement(include_str!("sqlite/claim.sql")),
            takeover: table.statement(include_str!("sqlite/takeover.sql")),
            renew: table.statement(include_str!("sqlite/renew.sql")),
            settle: table.statement(include_str!("sqlite/settle.sql")),
            get: table.statement(include_str!("sqlite/get.sql")),
            purge: table.statement(include_str!("sqlite/purge.sql")),
            sweep: table.statement(include_str!("sqlite/sweep.sql")),
        };
        Ok(Self { pool, timeout, table, statements, writing: Mutex::new(()) })
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
        if is_memory && self.pool.options().get_max_connections() > 1 {
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
            let sweep = || sqlx::query(self.statements.sweep.clone()).bind(BATCH);
            let swept = self.write(&mut self.step(), sweep).await?.len() as u64;
            all += swept;
            if swept < BATCH.unsigned_abs() {
                return Ok(all);
            }
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

    /// Claims a name under which nothing stands, or tells what does.
    async fn claim_absent(
        &self,
        step: &mut Step<'_, Db>,
        name: &str,
        claim: &Fields<'_>,
    ) -> Result<Claimed, StoreError> {
        loop {
            // A name that is taken is only read, which waits for no writer.
            if let Some(found) = self.get_in(step, name).await? {
                return Ok(Claimed::Found(found));
            }
            let claiming = || claiming(&self.statements.claim, name, claim);
            if let Some(row) = self.write(step, claiming).await?.pop() {
                return won(&row);
            }
            step.anew().await?;
        }
    }

    async fn get_in(
        &self,
        step: &mut Step<'_, Db>,
        name: &str,
    ) -> Result<Option<Found>, StoreError> {
        let get = || sqlx::query(self.statements.get.clone()).bind(name);
        let row = step.row(get).await?;
        Ok(row.as_ref().map(standing).transpose()?.map(|standing| standing.found()))
    }
}

impl Store for Sqlite {
    async fn claim(&self, claim: Claim<'_>) -> Result<Claimed, StoreError> {
        let (name, fields) = (row_name(claim.name), Fields::of(claim.record));
        let mut step = self.step();
        if let Some(over) = claim.over.map(Fields::of) {
            let takeover = || {
                claiming(&self.statements.takeover, &name, &fields)
                    .bind(over.state)
                    .bind(&*over.owner)
                    .bind(over.fence)
            };
            if let Some(row) = self.write(&mut step, takeover).await?.pop() {
                return won(&row);
            }
        }
        self.claim_absent(&mut step, &name, &fields).await
    }

    async fn settle(
        &self,
        name: &Name,
        running: &Record,
        change: Change<'_>,
    ) -> Result<Settled, StoreError> {
        let (name, from) = (row_name(name), Fields::of(running));
        let statements = &self.statements;
        let mut step = self.step();
        let rows = match change {
            Change::Renew => {
                let renew =
                    || owned(&statements.renew, &name, &from).bind(from.lease).bind(from.retention);
                self.write(&mut step, renew).await?
            }
            Change::Complete(to) | Change::Release(to) => {
                let to = Fields::of(to);
                let settle = || {
                    owned(&statements.settle, &name, &from)
                        .bind(to.state)
                        .bind(to.record)
                        .bind(to.retention)
                        .bind(&*to.owner)
                };
                self.write(&mut step, settle).await?
            }
            Change::Purge => {
                let purge = || {
                    sqlx::query(statements.purge.clone())
                        .bind(&*name)
                        .bind(from.state)
                        .bind(&*from.owner)
                        .bind(from.fence)
                        .bind(from.record)
                };
                self.write(&mut step, purge).await?
            }
        };
        if !rows.is_empty() {
            return Ok(Settled::Done);
        }
        match change {
            // An earlier send may have done it.
            Change::Complete(_) | Change::Release(_) => {
                Ok(match self.get_in(&mut step, &name).await? {
                    Some(found) => change.already(running, &found.record),
                    None => Settled::Lost,
                })
            }
            Change::Renew | Change::Purge => Ok(Settled::Lost),
        }
    }

    async fn get(&self, name: &Name) -> Result<Option<Found>, StoreError> {
        self.get_in(&mut self.step(), &row_name(name)).await
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

fn claiming(statement: &SqlStr, name: &str, claim: &Fields<'_>) -> Statement<Db> {
    sqlx::query(statement.clone())
        .bind(name)
        .bind(&*claim.owner)
        .bind(claim.fence)
        .bind(claim.attempts)
        .bind(claim.holder)
        .bind(claim.lease)
        .bind(claim.retention)
        .bind(claim.record)
}

fn owned(statement: &SqlStr, name: &str, from: &Fields<'_>) -> Statement<Db> {
    sqlx::query(statement.clone()).bind(name).bind(&*from.owner).bind(from.fence)
}

fn won(row: &SqliteRow) -> Result<Claimed, StoreError> {
    let fence: i64 = row.try_get(0).map_err(StoreError::unknown)?;
    Ok(Claimed::Won { fence: fence.unsigned_abs() })
}

fn standing(row: &SqliteRow) -> Result<Standing, StoreError> {
    let read = || {
        Ok(Standing {
            fence: row.try_get(0)?,
            record: row.try_get(1)?,
            lease: row.try_get(2)?,
            kept: row.try_get(3)?,
        })
    };
    read().map_err(|error: sqlx::Error| StoreError::unknown(error))
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite").field("table", &self.table).finish_non_exhaustive()
    }
}
