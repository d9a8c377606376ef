//! A claim inside of the caller's own transaction.

use sqlx::error::DatabaseError;
use sqlx::sqlite::{SqliteConnection, SqliteTransactionManager as Manager};
use sqlx::{Row as _, Sqlite as Db};
use sqlx_core::transaction::TransactionManager as _;

use super::Sqlite;
use super::steps::standing;
use crate::error::Error;
use crate::store::sql::Database;
use crate::store::sql::inside::{Answers, Joinable, Tried, refusal, unexpiring};
use crate::store::sql::row::{Fields, row_name};
use crate::store::sql::step::Statement;
use crate::store::{Change, Claim, Name, Record};

impl Joinable for Db {
    type Records = Sqlite;

    const BUILD: &'static str = ".sqlite(pool)";

    fn records(database: &Database) -> Option<&Sqlite> {
        match database {
            Database::Sqlite(records) => Some(records),
            #[cfg(any(feature = "mysql", feature = "postgres"))]
            _ => None,
        }
    }

    async fn open(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        Manager::begin(connection, None).await
    }

    /// The connection's own thread knows what a drop has left undone.
    async fn keep(connection: &mut SqliteConnection, _: Answers) -> Result<(), sqlx::Error> {
        Manager::commit(connection).await
    }

    /// It writes before it reads: whoever has read first is refused at once while another writes,
    /// and does not wait for as long as the connection may.
    async fn claim(
        records: &Sqlite,
        connection: &mut SqliteConnection,
        claim: Claim<'_>,
    ) -> Result<Tried, sqlx::Error> {
        let (name, fields) = (row_name(claim.name), unexpiring(claim.record));
        let over = claim.over.map(Fields::of);
        let statement: Statement<Db> = match &over {
            Some(over) => records.statements.takeover(&name, &fields, &over.judged()),
            None => records.statements.claim(&name, &fields),
        };
        match statement.fetch_all(&mut *connection).await {
            Ok(rows) => {
                if let Some(row) = rows.first() {
                    return Ok(Tried::Won(row.try_get::<i64, _>(0)?.unsigned_abs()));
                }
            }
            Err(error) if is_locked(&error) => return Ok(Tried::Locked(error)),
            Err(error) => return Err(error),
        }
        if over.is_some() {
            return Ok(Tried::Raced);
        }
        let get: Statement<Db> = records.statements.get(&name);
        let rows = get.fetch_all(connection).await?;
        let standing = rows.first().map(standing).transpose()?;
        Ok(standing.map_or(Tried::Raced, |standing| Tried::Found(standing.found())))
    }

    async fn settle(
        records: &Sqlite,
        connection: &mut SqliteConnection,
        name: &Name,
        running: &Record,
        change: Change<'_>,
    ) -> Result<bool, Error> {
        let (name, from) = (row_name(name), Fields::of(running));
        let statement: Statement<Db> = records.statements.change(&name, &from, change);
        let changed = statement.fetch_all(connection).await.map_err(Self::refusal)?;
        Ok(!changed.is_empty())
    }

    fn refusal(error: sqlx::Error) -> Error {
        refusal::<Self>(error)
    }
}

/// Whether another connection writes, and waiting for it can help: not where this one has read what
/// the other has changed.
fn is_locked(error: &sqlx::Error) -> bool {
    const BUSY: &str = "5";
    error.as_database_error().and_then(DatabaseError::code).as_deref() == Some(BUSY)
}
