//! Records in Postgres.

mod ahead;
mod batches;
mod guard;
mod inside;
mod steps;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::{PgPool, Postgres as Pg, Row as _};

use self::batches::{Claims, Completions};
use super::batch::Senders;
use super::lane::Lane;
use super::migrations::{Migration, is_current};
use super::statements::{Named, Statements, statements};
use super::step::{Dialect, Step, Verdict};
use super::table::Table;
use super::{BATCH, outage};
use crate::error::Error;

/// Records in Postgres 12 or later, in a table of the caller's database.
///
/// Made by [`Builder::postgres`](crate::Builder::postgres), or by itself to be asked directly. Each
/// step is a single statement that commits by itself, on one connection of the pool.
///
/// ```no_run
/// # async fn main_(pool: sqlx::PgPool) -> Result<(), idem::Error> {
/// use idem::store::Postgres;
/// use std::time::Duration;
///
/// let records = Postgres::new(pool, "shop.idem_records", Duration::from_secs(1))?;
/// records.migrate().await?;
/// # Ok(()) }
/// ```
pub struct Postgres {
    pool: PgPool,
    timeout: Duration,
    table: Table,
    statements: Arc<Statements>,
    /// For the caller's own transaction.
    inside: Statements,
    claims: Lane<Claims>,
    completions: Lane<Completions>,
}

const MIGRATIONS: &str = include_str!("migrations.sql");
const VERSIONS: &str = include_str!("versions.sql");

impl Postgres {
    /// Records in the table of this name, `name` or `schema.name`. Each step has `timeout`, its
    /// wait for a connection and its retries included.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for a table name that is not safe to stand in a statement.
    pub fn new(pool: PgPool, table: &str, timeout: Duration) -> Result<Self, Error> {
        let table = Table::new(table, '"')?;
        let statements = Arc::new(statements!(table));
        let inside = inside::statements(&table, &statements);
        let senders = Senders { pool: pool.clone(), statements: Arc::clone(&statements), timeout };
        let claims = Lane::new(Claims(senders.clone()), timeout);
        let completions = Lane::new(Completions(senders), timeout);
        Ok(Self { pool, timeout, table, statements, inside, claims, completions })
    }

    /// Looks at the server.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for a standby, [`Error::Outage`] when it does not answer.
    pub(crate) async fn check(&self) -> Result<(), Error> {
        let statement = || sqlx::query("select pg_is_in_recovery()");
        let standby = self.step().row(statement).await?;
        if standby.is_some_and(|row| row.get(0)) {
            return Err(Error::config(
                "this Postgres is a standby: claims are made on its primary",
            ));
        }
        Ok(())
    }

    /// Makes the table, or brings it up to this version of the library. Safe to run from many
    /// processes at once, and asks for no right to make tables where there is nothing to do.
    ///
    /// # Errors
    ///
    /// [`Error::Outage`] when the database refuses or does not answer. It takes as long as it
    /// takes: the time-out of a step is no bound.
    pub async fn migrate(&self) -> Result<(), Error> {
        if is_current(&self.pool, &self.table, MIGRATIONS).await? {
            return Ok(());
        }
        // Where the pool's default is a snapshot, it would be older than the wait for the lock.
        let begin = "begin isolation level read committed";
        let mut transaction = self.pool.begin_with(begin).await.map_err(outage)?;
        let one_at_a_time = "select pg_advisory_xact_lock(hashtextextended($1, 0))";
        sqlx::query(one_at_a_time)
            .bind(format!("idem:{}", self.table))
            .execute(&mut *transaction)
            .await
            .map_err(outage)?;
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
    /// the table's size. Safe from many processes at once.
    ///
    /// # Errors
    ///
    /// [`Error::Outage`] when the database does not answer.
    pub async fn sweep(&self) -> Result<u64, Error> {
        let mut all = 0;
        loop {
            let sweep = || sqlx::query(self.statements.sweep.clone()).bind(BATCH);
            let row = self.step().row(sweep).await?;
            let swept: i64 = row.map_or(0, |row| row.get(0));
            all += swept.unsigned_abs();
            if swept < BATCH {
                return Ok(all);
            }
        }
    }

    fn step(&self) -> Step<'_, Pg> {
        Step::new(&self.pool, self.timeout)
    }
}

impl Named for Pg {
    type Name<'n> = &'n str;

    fn name(name: &str) -> &str {
        name
    }
}

impl Dialect for Pg {
    fn verdict(error: &dyn DatabaseError) -> Verdict {
        match error.code().as_deref() {
            // serialization_failure, deadlock_detected; unique_violation comes of an insert whose
            // rival a snapshot can't see.
            Some("40001" | "40P01" | "23505") => Verdict::Again,
            // Shut down, crashed, starting up, an idle session or a connection that ends.
            Some("57P01" | "57P02" | "57P03" | "57P05" | "25P03") => Verdict::Gone,
            Some(code) if code.starts_with("08") => Verdict::Gone,
            _ => Verdict::Final,
        }
    }

    fn is_missing_table(error: &dyn DatabaseError) -> bool {
        matches!(error.code().as_deref(), Some("42P01" | "3F000"))
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres").field("table", &self.table).finish_non_exhaustive()
    }
}
