//! A claim inside of the caller's own transaction.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use sqlx::postgres::{PgConnection, PgRow, PgTransactionManager as Manager};
use sqlx::{Postgres as Pg, Row as _};
use sqlx_core::transaction::TransactionManager as _;

use super::steps::standing;
use super::{Postgres, ahead};
use crate::error::Error;
use crate::store::sql::Database;
use crate::store::sql::inside::{Answers, Joinable, Tried, keeping, refusal, unexpiring};
use crate::store::sql::row::{Fields, row_name};
use crate::store::sql::statements::Statements;
use crate::store::sql::step::Statement;
use crate::store::sql::table::Table;
use crate::store::{Change, Claim, Name, Record};

/// The statements for a transaction that is not ours.
pub(super) fn statements(table: &Table, alone: &Statements) -> Statements {
    Statements {
        claim: table.statement(include_str!("claim_inside.sql")),
        takeover: table.statement(include_str!("takeover_inside.sql")),
        ..alone.clone()
    }
}

impl Joinable for Pg {
    type Records = Postgres;

    const BUILD: &'static str = ".postgres(pool)";

    fn records(database: &Database) -> Option<&Postgres> {
        match database {
            Database::Postgres(records) => Some(records),
            #[cfg(any(feature = "mysql", feature = "sqlite"))]
            _ => None,
        }
    }

    /// sqlx's own `begin` rolls the *outer* transaction back when it fails or is dropped.
    async fn open(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        Undropped::new(async {
            let Err(error) = Manager::begin(connection, None).await else { return Ok(()) };
            if error.as_database_error().is_some() {
                // It had failed before. As it was: open, and failed, so that nothing which is
                // written into it from here on commits by itself.
                Manager::begin(connection, None).await?;
                let fail = "do 'begin raise ''the transaction had failed before''; end'";
                let _ = sqlx::raw_sql(fail).execute(connection).await;
            }
            Err(error)
        })
        .await
    }

    async fn keep(connection: &mut PgConnection, answers: Answers) -> Result<(), sqlx::Error> {
        let statement = keeping(Manager::get_transaction_depth(connection));
        let sent = match answers {
            Answers::Read => ahead::send(connection, &statement).await?,
            Answers::PerhapsUnread => false,
        };
        if !sent {
            sqlx::raw_sql(statement).execute(&mut *connection).await?;
        }
        Manager::start_rollback(connection);
        Ok(())
    }

    async fn claim(
        records: &Postgres,
        connection: &mut PgConnection,
        claim: Claim<'_>,
    ) -> Result<Tried, sqlx::Error> {
        let (name, fields) = (row_name(claim.name), unexpiring(claim.record));
        let statement: Statement<Pg> = match claim.over.map(Fields::of) {
            Some(over) => records.inside.takeover(&name, &fields, &over.judged()),
            None => records.inside.claim(&name, &fields),
        };
        let rows = statement.fetch_all(connection).await?;
        rows.first().map_or(Ok(Tried::Raced), tried)
    }

    async fn settle(
        records: &Postgres,
        connection: &mut PgConnection,
        name: &Name,
        running: &Record,
        change: Change<'_>,
    ) -> Result<bool, Error> {
        let (name, from) = (row_name(name), Fields::of(running));
        let statement: Statement<Pg> = records.inside.change(&name, &from, change);
        let changed = statement.execute(connection).await;
        let changed = changed.map_err(|error| match code(&error).as_deref() {
            Some(FAILED) => Error::config(HEEDLESS),
            _ => Self::refusal(error),
        });
        Ok(changed?.rows_affected() > 0)
    }

    fn refusal(error: sqlx::Error) -> Error {
        match code(&error).as_deref() {
            // There is no transaction any more, or no such one inside of it.
            Some(FAILED | "25P01" | "3B001") => Error::conflict(error),
            _ => refusal::<Self>(error),
        }
    }
}

/// A statement in a transaction of which another has failed before.
const FAILED: &str = "25P02";
const HEEDLESS: &str = "a statement of the body was refused, and the body went on to answer `Ok`: \
                        Postgres keeps nothing of such a transaction; return the error, or run the \
                        statement in a `tx.begin().await?` of its own";

fn code(error: &sqlx::Error) -> Option<Cow<'_, str>> {
    error.as_database_error()?.code()
}

fn tried(row: &PgRow) -> Result<Tried, sqlx::Error> {
    if row.len() > 1
        && let Some(standing) = standing(row, 0)?
    {
        return Ok(Tried::Found(standing.found()));
    }
    let fence: Option<i64> = row.try_get(0)?;
    Ok(fence.map_or(Tried::Held, |fence| Tried::Won(fence.unsigned_abs())))
}

/// A future that is leaked when it is dropped halfway, so that its own drop does nothing. Each call that
/// is dropped just there costs some hundred bytes for good.
struct Undropped<F>(Option<Pin<Box<F>>>);

impl<F> Undropped<F> {
    fn new(future: F) -> Self {
        Self(Some(Box::pin(future)))
    }
}

impl<F: Future> Future for Undropped<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let Some(future) = &mut self.0 else { unreachable!("it is not polled after its end") };
        let polled = future.as_mut().poll(context);
        if polled.is_ready() {
            self.0 = None;
        }
        polled
    }
}

impl<F> Drop for Undropped<F> {
    fn drop(&mut self) {
        std::mem::forget(self.0.take());
    }
}
