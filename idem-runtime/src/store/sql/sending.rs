//! One statement, sent once, on a connection of the pool that is given back after it.

use sqlx::pool::PoolConnection;
use sqlx::{Database, Executor, IntoArguments, Pool};
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};

use super::step::{Dialect, Statement, Verdict};

/// Where a step's statements are sent, and until when they are waited for.
pub(super) struct Sending<'a, DB: Database> {
    pub(super) pool: &'a Pool<DB>,
    pub(super) deadline: Instant,
}

impl<DB: Database> Clone for Sending<'_, DB> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<DB: Database> Copy for Sending<'_, DB> {}

/// Why one sending got no answer.
pub(super) enum Failure {
    Refused(sqlx::Error, Verdict),
    /// The connection broke: what was done is unknown.
    Broken(sqlx::Error),
    /// No connection was to be had.
    Unsent(sqlx::Error),
    /// The step's time is over.
    Late {
        sent: bool,
    },
}

impl Failure {
    /// What the database says, if it does.
    pub(super) fn verdict(self) -> Option<Verdict> {
        match self {
            Self::Refused(_, verdict) => Some(verdict),
            Self::Broken(_) | Self::Unsent(_) | Self::Late { .. } => None,
        }
    }
}

/// The answer, or `None` if the statement was refused so.
#[cfg(feature = "mysql")]
pub(super) fn unless<T>(
    refused: Verdict,
    answer: Result<T, Failure>,
) -> Result<Option<T>, Failure> {
    match answer {
        Err(Failure::Refused(_, verdict)) if verdict == refused => Ok(None),
        answer => answer.map(Some),
    }
}

impl<DB: Dialect> Sending<'_, DB>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    DB::Arguments: IntoArguments<DB>,
{
    /// The statement's rows.
    pub(super) async fn rows(self, statement: Statement<DB>) -> Result<Vec<DB::Row>, Failure> {
        let mut connection = self.connection().await?;
        // To its end: a commit that fails is told after the row.
        let rows = (&mut *connection).fetch_all(statement);
        let rows = timeout_at(self.deadline, rows).await;
        Self::answered(connection, rows)
    }

    /// What the statement did.
    #[cfg(any(feature = "mysql", feature = "postgres"))]
    pub(super) async fn done(self, statement: Statement<DB>) -> Result<DB::QueryResult, Failure> {
        let mut connection = self.connection().await?;
        let done = timeout_at(self.deadline, (&mut *connection).execute(statement)).await;
        Self::answered(connection, done)
    }

    async fn connection(self) -> Result<PoolConnection<DB>, Failure> {
        // The pool would lose a connection that it had begun to look at.
        if Instant::now() >= self.deadline {
            return Err(Failure::Late { sent: false });
        }
        match timeout_at(self.deadline, self.pool.acquire()).await {
            Ok(acquired) => acquired.map_err(Failure::Unsent),
            Err(_) => Err(Failure::Late { sent: false }),
        }
    }

    fn answered<T>(
        mut connection: PoolConnection<DB>,
        answer: Result<Result<T, sqlx::Error>, Elapsed>,
    ) -> Result<T, Failure> {
        let failure = match answer {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => match error.as_database_error().map(DB::verdict) {
                Some(Verdict::Gone) | None => Failure::Broken(error),
                Some(verdict) => return Err(Failure::Refused(error, verdict)),
            },
            Err(_) => Failure::Late { sent: true },
        };
        // It may never answer again: another is to take its place in the pool.
        connection.close_on_drop();
        Err(failure)
    }
}
