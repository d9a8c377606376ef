//! A claim inside of the caller's own transaction.

use std::time::Duration;

use sqlx::mysql::{MySqlConnection, MySqlRow, MySqlTransactionManager as Manager};
use sqlx::{MySql as Db, Row as _, SqlStr};
use sqlx_core::transaction::TransactionManager as _;
use tokio::time::Instant;

use super::steps::{Look, look};
use super::{MySql, number};
use crate::__private::crash;
use crate::error::Error;
use crate::store::sql::Database;
use crate::store::sql::inside::{Answers, Joinable, Tried, keeping, refusal, unexpiring};
use crate::store::sql::row::{Fields, Judged, row_name};
use crate::store::sql::statements::{Statements, Values as _};
use crate::store::sql::step::Statement;
use crate::store::sql::table::Table;
use crate::store::{Change, Claim, Name, Record};

/// The prefix of a statement that doesn't wait for a lock. To MySQL it is a comment: there a statement
/// waits for as long as its session does.
macro_rules! at_once {
    ($($text:expr),+) => {
        concat!(
            "/*M!100102 set statement innodb_lock_wait_timeout = 0 for */\n",
            $($text),+
        )
    };
}

/// Claims or tells, in MariaDB.
pub(super) fn claim_or_tell(table: &Table) -> SqlStr {
    table.statement(include_str!("mariadb/claim_inside.sql"))
}

/// The statements for a transaction that is not ours. What is read there is the newest, behind a lock.
pub(super) fn statements(table: &Table, alone: &Statements) -> Statements {
    Statements {
        claim: table.statement(at_once!(include_str!("claim.sql"))),
        takeover: table.statement(at_once!(include_str!("takeover.sql"))),
        get: table.statement(at_once!(include_str!("get.sql"), "\nlock in share mode")),
        ..alone.clone()
    }
}

impl Joinable for Db {
    type Records = MySql;

    const BUILD: &'static str = ".mysql(pool)";

    fn records(database: &Database) -> Option<&MySql> {
        match database {
            Database::MySql(records) => Some(records),
            #[cfg(any(feature = "postgres", feature = "sqlite"))]
            _ => None,
        }
    }

    async fn open(connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
        Manager::begin(connection, None).await
    }

    async fn keep(connection: &mut MySqlConnection, _: Answers) -> Result<(), sqlx::Error> {
        let statement = keeping(Manager::get_transaction_depth(connection));
        sqlx::raw_sql(statement).execute(&mut *connection).await?;
        Manager::start_rollback(connection);
        Ok(())
    }

    async fn claim(
        records: &MySql,
        connection: &mut MySqlConnection,
        claim: Claim<'_>,
    ) -> Result<Tried, sqlx::Error> {
        let mut inside = Inside { records, connection, name: &row_name(claim.name) };
        let (fields, over) = (unexpiring(claim.record), claim.over.map(Fields::of));
        let mut pauses = PAUSES.into_iter();
        loop {
            let sent = Instant::now();
            let tried = match &over {
                Some(over) => inside.take_over(&fields, &over.judged()).await,
                None => inside.claim(&fields).await,
            };
            match tried {
                Err(error) if code(&error) == Some(LOCKED) => {}
                tried => return tried,
            }
            let waits = sent.elapsed() >= SHORTEST_WAIT;
            let Some(pause) = pauses.next().filter(|_| !waits) else { return Ok(Tried::Held) };
            tokio::time::sleep(pause.mul_f64(rand::random_range(0.5..1.5))).await;
        }
    }

    async fn settle(
        records: &MySql,
        connection: &mut MySqlConnection,
        name: &Name,
        running: &Record,
        change: Change<'_>,
    ) -> Result<bool, Error> {
        let (name, from) = (row_name(name), Fields::of(running));
        let statement: Statement<Db> = records.inside.change(&name, &from, change);
        let changed = statement.execute(connection).await.map_err(Self::refusal)?;
        Ok(changed.last_insert_id() > 0)
    }

    fn refusal(error: sqlx::Error) -> Error {
        const NO_SAVEPOINT: u16 = 1305;
        match code(&error) {
            Some(NO_SAVEPOINT) => Error::conflict(error),
            _ => refusal::<Self>(error),
        }
    }
}

const RIVAL: u16 = 1062;
const LOCKED: u16 = 1205;

/// How long to look whether what is locked is so for more than an instant: a statement that commits
/// by itself, such as a sweep, locks gaps between names as well.
const PAUSES: [Duration; 3] =
    [Duration::from_millis(1), Duration::from_millis(4), Duration::from_millis(16)];
/// The shortest wait that MySQL can be told, which does wait for a lock: that is not done again.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

fn code(error: &sqlx::Error) -> Option<u16> {
    error.as_database_error().map(number)
}

/// One try at a name, on the caller's connection.
struct Inside<'a> {
    records: &'a MySql,
    connection: &'a mut MySqlConnection,
    name: &'a str,
}

impl Inside<'_> {
    /// A name that is taken is only read: a refused insert would lock it until the caller commits.
    async fn claim(&mut self, fields: &Fields<'_>) -> Result<Tried, sqlx::Error> {
        let tried = if self.records.is_mariadb() {
            self.claim_or_tell(fields).await
        } else {
            match self.look(&self.records.statements).await? {
                Look::Absent => self.insert(fields).await,
                there => return self.meet(fields, there).await,
            }
        };
        match tried {
            Err(error) if code(&error) == Some(RIVAL) => {}
            tried => return tried,
        }
        // The transaction's own snapshot may be older than the rival.
        let there = self.look(&self.records.inside).await?;
        self.meet(fields, there).await
    }

    /// Looks and inserts, in one statement.
    async fn claim_or_tell(&mut self, fields: &Fields<'_>) -> Result<Tried, sqlx::Error> {
        crash::before("insert");
        let statement = Statement::<Db>::of(&self.records.claim_or_tell_inside);
        let statement = statement.name(self.name).claiming(fields).name(self.name);
        let told = statement.fetch_all(&mut *self.connection).await;
        crash::after("insert");
        let told = told?.pop().ok_or(sqlx::Error::RowNotFound)?;
        match fence(&told)? {
            Some(fence) => Ok(Tried::Won(fence)),
            None => self.meet(fields, look(&told)?).await,
        }
    }

    async fn insert(&mut self, fields: &Fields<'_>) -> Result<Tried, sqlx::Error> {
        crash::before("insert");
        let statement: Statement<Db> = self.records.inside.claim(self.name, fields);
        let inserted = statement.execute(&mut *self.connection).await;
        crash::after("insert");
        Ok(Tried::Won(inserted?.last_insert_id()))
    }

    /// What to do about what stands there.
    async fn meet(&mut self, fields: &Fields<'_>, there: Look) -> Result<Tried, sqlx::Error> {
        match there {
            Look::Standing(standing) => Ok(Tried::Found(standing.found())),
            Look::Expired(expired) => self.take_over(fields, &expired).await,
            Look::Absent => Ok(Tried::Raced),
        }
    }

    async fn take_over(
        &mut self,
        fields: &Fields<'_>,
        over: &Judged<'_>,
    ) -> Result<Tried, sqlx::Error> {
        let statement: Statement<Db> = self.records.inside.takeover(self.name, fields, over);
        let fence = statement.execute(&mut *self.connection).await?.last_insert_id();
        Ok(if fence > 0 { Tried::Won(fence) } else { Tried::Raced })
    }

    async fn look(&mut self, statements: &Statements) -> Result<Look, sqlx::Error> {
        let statement: Statement<Db> = statements.get(self.name);
        look(&statement.fetch_one(&mut *self.connection).await?)
    }
}

/// The fence, of an answer that has one: the name is claimed.
fn fence(told: &MySqlRow) -> Result<Option<u64>, sqlx::Error> {
    if told.len() > 1 { told.try_get(1).map(Some) } else { Ok(None) }
}
