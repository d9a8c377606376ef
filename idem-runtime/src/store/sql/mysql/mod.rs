//! Records in MySQL and MariaDB.

mod batches;
mod guard;
mod inside;
mod server;
mod steps;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::mysql::MySqlDatabaseError;
use sqlx::{MySql as Db, MySqlPool, Row as _, SqlStr};

use self::batches::{Claims, Completions, Looks};
use self::server::{SERVER, Server};
use super::batch::Senders;
use super::lane::Lane;
use super::migrations::{Migration, is_current};
use super::statements::{Named, Statements, statements};
use super::step::{Dialect, Step, Verdict};
use super::table::Table;
use super::{BATCH, outage};
use crate::error::Error;

/// Records in MySQL 8 or MariaDB 10.6 and later, in a table of the caller's database.
///
/// Made by [`Builder::mysql`](crate::Builder::mysql), or by itself to be asked directly. Each step
/// is statements that commit by themselves, on one connection of the pool at a time.
///
/// ```no_run
/// # async fn main_(pool: sqlx::MySqlPool) -> Result<(), idem::Error> {
/// use idem::store::MySql;
/// use std::time::Duration;
///
/// let records = MySql::new(pool, "shop.idem_records", Duration::from_secs(1))?;
/// records.migrate().await?;
/// # Ok(()) }
/// ```
pub struct MySql {
    pool: MySqlPool,
    timeout: Duration,
    table: Table,
    statements: Arc<Statements>,
    expired: SqlStr,
    /// Claims or tells, where a server can.
    claim_or_tell: SqlStr,
    /// For the caller's own transaction.
    inside: Statements,
    claim_or_tell_inside: SqlStr,
    looks: Lane<Looks>,
    claims: Lane<Claims>,
    completions: Lane<Completions>,
    server: Arc<Server>,
}

/// What is sent with a result: the rest of its record, and the statement.
const AROUND_A_RESULT: usize = 4096;
const MIGRATIONS: &str = include_str!("migrations.sql");
const VERSIONS: &str = include_str!("versions.sql");

impl MySql {
    /// Records in the table of this name, `name` or `database.name`. Each step has `timeout`, its
    /// wait for a connection and its retries included.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for a table name that is not safe to stand in a statement.
    pub fn new(pool: MySqlPool, table: &str, timeout: Duration) -> Result<Self, Error> {
        let table = Table::new(table, '`')?;
        let statements = Arc::new(statements!(table));
        let senders = Senders { pool: pool.clone(), statements: Arc::clone(&statements), timeout };
        let looks = Looks {
            senders: senders.clone(),
            statement: table.statement(include_str!("looks.sql")),
        };
        let server = Arc::<Server>::default();
        let completions = Completions::new(senders.clone(), &table, Arc::clone(&server));
        Ok(Self {
            looks: Lane::new(looks, timeout),
            claims: Lane::new(Claims(senders), timeout),
            completions: Lane::new(completions, timeout),
            inside: inside::statements(&table, &statements),
            claim_or_tell_inside: inside::claim_or_tell(&table),
            expired: table.statement(include_str!("expired.sql")),
            claim_or_tell: table.statement(include_str!("mariadb/claim.sql")),
            server,
            pool,
            timeout,
            table,
            statements,
        })
    }

    /// Looks at the server.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for a server that only reads and for connections that don't commit by
    /// themselves, [`Error::Outage`] when it does not answer.
    pub(crate) async fn check(&self) -> Result<(), Error> {
        let row = self.step().row(|| sqlx::query(SERVER)).await?;
        self.server.heard(row.as_ref());
        let says = |at: usize| row.as_ref().map(|row| row.get::<i64, _>(at) != 0);
        if says(0) == Some(false) {
            return Err(Error::config(
                "this MySQL server is read-only: claims are made on its primary",
            ));
        }
        if says(1) == Some(false) {
            return Err(Error::config(
                "`autocommit` is off on these connections: a claim would be gone with the \
                 connection that made it",
            ));
        }
        Ok(())
    }

    /// Looks whether the server takes results of so many bytes. One that it refuses could not be
    /// stored, and its body would run again.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if not, [`Error::Outage`] when it does not answer.
    pub(crate) async fn check_room(&self, max_result: usize) -> Result<(), Error> {
        let statement = "select cast(@@session.max_allowed_packet as signed)";
        let row = self.step().row(|| sqlx::query(statement)).await?;
        let packet = row.map_or(0, |row| row.get::<i64, _>(0)).unsigned_abs();
        if max_result.saturating_add(AROUND_A_RESULT) as u64 > packet {
            return Err(Error::config(format!(
                "this MySQL server takes no more than {packet} bytes at a time \
                 (`max_allowed_packet`), and results may have {max_result}: raise that, or lower it \
                 by `.max_result(…)`"
            )));
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
        // Also for a store that is asked directly, and whose server nobody has looked at.
        let row = self.step().row(|| sqlx::query(SERVER)).await?;
        self.server.heard(row.as_ref());
        if is_current(&self.pool, &self.table, MIGRATIONS).await? {
            return Ok(());
        }
        let mut connection = self.pool.acquire().await.map_err(outage)?;
        // The lock is the connection's: whatever becomes of this call, both end.
        connection.close_on_drop();
        // A lock's name has 64 characters at most, and MySQL 9 has no `sha1`.
        let one_at_a_time = "select get_lock(concat('idem:', left(sha2(?, 256), 40)), 60)";
        let locked = sqlx::query(one_at_a_time)
            .bind(self.table.to_string())
            .fetch_one(&mut *connection)
            .await
            .map_err(outage)?;
        if locked.try_get::<Option<i64>, _>(0).map_err(outage)? != Some(1) {
            return Err(Error::outage("another process has been making the table for a minute"));
        }
        for migration in Migration::all(MIGRATIONS) {
            let script = migration.script(&self.table, VERSIONS);
            sqlx::raw_sql(script).execute(&mut *connection).await.map_err(outage)?;
        }
        Ok(())
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
        let (mut all, mut step) = (0, self.step());
        loop {
            // A deletion that runs out of rows before its limit locks the next one, though it stays,
            // and the gap before it, into which new records go.
            let expired = || sqlx::query(self.expired.clone()).bind(BATCH);
            let expired = step.row(expired).await?.map_or(0, |row| row.get(0));
            let sweep = || sqlx::query(self.statements.sweep.clone()).bind(expired);
            if expired == 0 {
                return Ok(all);
            } else if let Some(done) = step.done_unless(Verdict::Again, sweep).await? {
                // Of a deletion the count is the same under every flag.
                if done.rows_affected() == 0 {
                    return Ok(all); // others have them all in their hands
                }
                all += done.rows_affected();
                step = self.step();
            } else if step.anew().await.is_err() {
                // Another has one of them in its hands, for long: they are left to the next sweep.
                return Ok(all);
            }
        }
    }

    /// Whether a statement can say how long it waits for a lock, and be a block of several.
    fn is_mariadb(&self) -> bool {
        self.server.is_mariadb()
    }

    fn step(&self) -> Step<'_, Db> {
        Step::new(&self.pool, self.timeout)
    }
}

impl Named for Db {
    type Name<'n> = &'n [u8];

    fn name(name: &str) -> &[u8] {
        name.as_bytes()
    }
}

impl Dialect for Db {
    fn verdict(error: &dyn DatabaseError) -> Verdict {
        match number(error) {
            // Lock wait time-out, deadlock, a row that a snapshot can't see; and at a connection's
            // beginning, too many of them.
            1205 | 1213 | 1020 | 1040 | 1203 => Verdict::Again,
            1062 => Verdict::Rival,
            // The server is shut down, the connection killed or closed by it, a commit's end unknown.
            1053 | 1080 | 1152 | 1158..=1161 | 1180 | 1184 | 1927 | 4031 => Verdict::Gone,
            _ => Verdict::Final,
        }
    }

    fn is_missing_table(error: &dyn DatabaseError) -> bool {
        number(error) == 1146
    }
}

fn number(error: &dyn DatabaseError) -> u16 {
    error.try_downcast_ref::<MySqlDatabaseError>().map_or(0, MySqlDatabaseError::number)
}

impl fmt::Debug for MySql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MySql").field("table", &self.table).finish_non_exhaustive()
    }
}
