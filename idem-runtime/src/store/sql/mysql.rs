//! Records in MySQL and MariaDB.

use std::fmt;
use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::mysql::{MySqlDatabaseError, MySqlQueryResult, MySqlRow};
use sqlx::{MySql as Db, MySqlPool, Row as _, SqlStr};

use super::migrations::{Migration, is_current};
use super::row::{Fields, Standing, row_name};
use super::step::{Dialect, Statement, Step, Verdict};
use super::table::Table;
use super::{BATCH, outage};
use crate::error::Error;
use crate::store::{Change, Claim, Claimed, Found, Name, Record, Settled, Store, StoreError};

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
    statements: Statements,
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

const MIGRATIONS: &str = include_str!("mysql/migrations.sql");
const VERSIONS: &str = include_str!("mysql/versions.sql");

impl MySql {
    /// Records in the table of this name, `name` or `database.name`. Each step has `timeout`, its
    /// wait for a connection and its retries included.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for a table name that is not safe to stand in a statement.
    pub fn new(pool: MySqlPool, table: &str, timeout: Duration) -> Result<Self, Error> {
        let table = Table::new(table, '`')?;
        let statements = Statements {
            claim: table.statement(include_str!("mysql/claim.sql")),
            takeover: table.statement(include_str!("mysql/takeover.sql")),
            renew: table.statement(include_str!("mysql/renew.sql")),
            settle: table.statement(include_str!("mysql/settle.sql")),
            get: table.statement(include_str!("mysql/get.sql")),
            purge: table.statement(include_str!("mysql/purge.sql")),
            sweep: table.statement(include_str!("mysql/sweep.sql")),
        };
        Ok(Self { pool, timeout, table, statements })
    }

    /// Looks at the server.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for a server that only reads, [`Error::Outage`] when it does not answer.
    pub(crate) async fn check(&self) -> Result<(), Error> {
        let statement = "select cast(@@global.read_only as char) in ('0', 'OFF')";
        let writes = self.step().row(|| sqlx::query(statement)).await?;
        if writes.is_some_and(|row| row.get::<i64, _>(0) == 0) {
            return Err(Error::config(
                "this MySQL server is read-only: claims are made on its primary",
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
        let mut connection = self.pool.acquire().await.map_err(outage)?;
        // The lock is the connection's: whatever becomes of this call, both end.
        connection.close_on_drop();
        let one_at_a_time = "select get_lock(concat('idem:', sha1(?)), 60)";
        sqlx::query(one_at_a_time)
            .bind(self.table.to_string())
            .execute(&mut *connection)
            .await
            .map_err(outage)?;
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
        let mut all = 0;
        loop {
            let sweep = || sqlx::query(self.statements.sweep.clone()).bind(BATCH);
            // Of a deletion the count is the same under every flag.
            let swept = self.step().done(sweep).await?.map_or(0, |done| done.rows_affected());
            all += swept;
            if swept < BATCH.unsigned_abs() {
                return Ok(all);
            }
        }
    }

    fn step(&self) -> Step<'_, Db> {
        Step::new(&self.pool, self.timeout)
    }

    /// Claims a name under which nothing stands, or tells what does.
    async fn claim_absent(
        &self,
        step: &mut Step<'_, Db>,
        name: &str,
        claim: &Fields<'_>,
    ) -> Result<Claimed, StoreError> {
        loop {
            // A name that is taken is only read: a refused insert would lock it.
            let fence = match self.look(step, name).await? {
                Look::Standing(standing) => return Ok(Claimed::Found(standing.found())),
                Look::Expired(expired) => self.take_over(step, name, claim, &expired).await?,
                Look::Absent { now } => {
                    let fence = claim.fence.max(now);
                    let claiming = || {
                        sqlx::query(self.statements.claim.clone())
                            .bind(name.as_bytes())
                            .bind(&*claim.owner)
                            .bind(fence)
                            .bind(claim.attempts)
                            .bind(claim.holder)
                            .bind(claim.lease)
                            .bind(claim.retention)
                            .bind(claim.record)
                    };
                    step.done(claiming).await?.map_or(0, |_| fence.unsigned_abs())
                }
            };
            if fence > 0 {
                return Ok(Claimed::Won { fence });
            }
            step.anew().await?;
        }
    }

    /// Takes a name over from a record; the new fence, or 0 if it is not to be had.
    async fn take_over(
        &self,
        step: &mut Step<'_, Db>,
        name: &str,
        claim: &Fields<'_>,
        over: &Judged,
    ) -> Result<u64, StoreError> {
        let takeover = || {
            sqlx::query(self.statements.takeover.clone())
                .bind(&*claim.owner)
                .bind(claim.fence)
                .bind(claim.attempts)
                .bind(claim.holder)
                .bind(claim.lease)
                .bind(claim.retention)
                .bind(claim.record)
                .bind(name.as_bytes())
                .bind(over.state)
                .bind(&*over.owner)
                .bind(over.fence)
        };
        Ok(step.done(takeover).await?.map_or(0, |done| done.last_insert_id()))
    }

    async fn look(&self, step: &mut Step<'_, Db>, name: &str) -> Result<Look, StoreError> {
        let get = || sqlx::query(self.statements.get.clone()).bind(name.as_bytes());
        match step.row(get).await? {
            Some(row) => look(&row).map_err(StoreError::unknown),
            None => Err(StoreError::unknown("an answer of another form")),
        }
    }

    async fn get_in(
        &self,
        step: &mut Step<'_, Db>,
        name: &str,
    ) -> Result<Option<Found>, StoreError> {
        Ok(match self.look(step, name).await? {
            Look::Standing(standing) => Some(standing.found()),
            Look::Expired(_) | Look::Absent { .. } => None,
        })
    }
}

impl Store for MySql {
    async fn claim(&self, claim: Claim<'_>) -> Result<Claimed, StoreError> {
        let (name, fields) = (row_name(claim.name), Fields::of(claim.record));
        let mut step = self.step();
        if let Some(over) = claim.over.map(Fields::of) {
            let over = Judged { state: over.state, owner: over.owner, fence: over.fence };
            let fence = self.take_over(&mut step, &name, &fields, &over).await?;
            if fence > 0 {
                return Ok(Claimed::Won { fence });
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
        let owned = |statement: Statement<Db>| {
            statement.bind(name.as_bytes()).bind(&*from.owner).bind(from.fence)
        };
        let told = |done: Option<MySqlQueryResult>| done.is_some_and(|it| it.last_insert_id() > 0);
        let done = match change {
            Change::Renew => {
                let renew = || {
                    let renew = sqlx::query(statements.renew.clone());
                    owned(renew.bind(from.lease).bind(from.retention))
                };
                told(step.done(renew).await?)
            }
            Change::Complete(to) | Change::Release(to) => {
                let to = Fields::of(to);
                let settle = || {
                    let settle = sqlx::query(statements.settle.clone());
                    let settle = settle.bind(to.state).bind(to.record).bind(to.retention);
                    owned(settle.bind(&*to.owner))
                };
                told(step.done(settle).await?)
            }
            Change::Purge => {
                let purge = || {
                    sqlx::query(statements.purge.clone())
                        .bind(name.as_bytes())
                        .bind(from.state)
                        .bind(&*from.owner)
                        .bind(from.fence)
                        .bind(from.record)
                };
                // Of a deletion the count is the same under every flag.
                step.done(purge).await?.is_some_and(|done| done.rows_affected() > 0)
            }
        };
        if done {
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

/// What a look at a name came to.
enum Look {
    Standing(Standing),
    /// Absent as far as anybody is told, and still a row.
    Expired(Judged),
    Absent {
        /// The server's clock, µs since 1970.
        now: i64,
    },
}

/// The record that a claim is made over.
struct Judged {
    state: i16,
    owner: Vec<u8>,
    fence: i64,
}

fn look(row: &MySqlRow) -> Result<Look, sqlx::Error> {
    let Some(fence) = row.try_get::<Option<i64>, _>(1)? else {
        return Ok(Look::Absent { now: row.try_get(0)? });
    };
    let kept = row.try_get(4)?;
    Ok(if kept > 0 {
        Look::Standing(Standing { fence, record: row.try_get(2)?, lease: row.try_get(3)?, kept })
    } else {
        Look::Expired(Judged { fence, state: row.try_get(5)?, owner: row.try_get(6)? })
    })
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
