//! One step of a store: statements, one after another, each on a connection of the pool that is
//! given back before the next. Sent again within the step's time where that can help.

use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::pool::PoolConnection;
use sqlx::query::Query;
use sqlx::{Database, Executor, IntoArguments, Pool};
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};

use super::lane::{Batch, Lane, Turn};
use crate::store::StoreError;

/// What a database's refusal means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It lost to another transaction, and nothing was done: send it again.
    Again,
    /// The connection ends, and what was done is unknown: send it again on another.
    #[cfg_attr(
        not(any(feature = "mysql", feature = "postgres")),
        expect(dead_code, reason = "a file ends no connection")
    )]
    Gone,
    /// A rival has made a row of the same name.
    #[cfg(feature = "mysql")]
    Rival,
    /// It will be refused again.
    Final,
}

/// A database, as far as a step has to know it.
pub(super) trait Dialect: Database
where
    for<'c> &'c mut Self::Connection: Executor<'c, Database = Self>,
    Self::Arguments: IntoArguments<Self>,
{
    /// What this refusal means.
    fn verdict(error: &dyn DatabaseError) -> Verdict;
    /// Whether it says that the table is missing.
    fn is_missing_table(error: &dyn DatabaseError) -> bool;
}

/// A statement with its values.
pub(super) type Statement<DB> = Query<'static, DB, <DB as Database>::Arguments>;

/// One step, and the time that it has.
pub(super) struct Step<'a, DB: Database> {
    pool: &'a Pool<DB>,
    deadline: Instant,
    pause: Duration,
    /// Whether the database may have done something that it did not tell of.
    reached: bool,
}

/// Why one sending got no answer.
enum Failure {
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
    fn verdict(self) -> Option<Verdict> {
        match self {
            Self::Refused(_, verdict) => Some(verdict),
            Self::Broken(_) | Self::Unsent(_) | Self::Late { .. } => None,
        }
    }
}

const LATE: &str = "the database did not answer within the time-out";
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

impl<'a, DB: Dialect> Step<'a, DB>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    DB::Arguments: IntoArguments<DB>,
{
    pub(super) fn new(pool: &'a Pool<DB>, timeout: Duration) -> Self {
        Self { pool, deadline: Instant::now() + timeout, pause: FIRST_PAUSE, reached: false }
    }

    /// The statement's row, if it answers with one. It must be one that can be sent again.
    pub(super) async fn row(
        &mut self,
        statement: impl Fn() -> Statement<DB>,
    ) -> Result<Option<DB::Row>, StoreError> {
        Ok(self.rows(statement).await?.pop())
    }

    /// The statement's rows. It must be one that can be sent again.
    pub(super) async fn rows(
        &mut self,
        statement: impl Fn() -> Statement<DB>,
    ) -> Result<Vec<DB::Row>, StoreError> {
        loop {
            match self.send(statement()).await {
                Ok(rows) => return Ok(rows),
                Err(failure) => self.after(failure).await?,
            }
        }
    }

    /// The rows of a statement that is sent once; else what the database says, if it does.
    pub(super) async fn once(
        &self,
        statement: Statement<DB>,
    ) -> Result<Vec<DB::Row>, Option<Verdict>> {
        self.send(statement).await.map_err(Failure::verdict)
    }

    /// What a statement did that is sent once; else what the database says, if it does.
    #[cfg(feature = "mysql")]
    pub(super) async fn done_once(
        &self,
        statement: Statement<DB>,
    ) -> Result<DB::QueryResult, Option<Verdict>> {
        self.execute(statement).await.map_err(Failure::verdict)
    }

    async fn send(&self, statement: Statement<DB>) -> Result<Vec<DB::Row>, Failure> {
        let mut connection = self.connection().await?;
        // To its end: a commit that fails is told after the row.
        let rows = (&mut *connection).fetch_all(statement);
        let rows = timeout_at(self.deadline, rows).await;
        Self::answered(connection, rows)
    }

    /// Waits for the step's turn among others of its kind; one with a record of so many `bytes`.
    pub(super) async fn turn<'l, B: Batch>(
        &mut self,
        lane: &'l Lane<B>,
        bytes: usize,
        entry: impl FnOnce() -> B::Entry,
    ) -> Result<Turn<'l, B>, StoreError> {
        let turn = lane.turn(self.deadline, bytes, entry).await;
        self.reached |= matches!(turn, Turn::Unknown | Turn::Late);
        match turn {
            Turn::Late => Err(self.failed(LATE.into())),
            turn => Ok(turn),
        }
    }

    /// The row of a statement that waits for nobody; `None` if it would have had to. It must be one
    /// that can be sent again.
    #[cfg(feature = "mysql")]
    pub(super) async fn row_at_once(
        &mut self,
        statement: impl Fn() -> Statement<DB>,
    ) -> Result<Option<DB::Row>, StoreError> {
        loop {
            match self.send(statement()).await {
                Ok(mut rows) => return Ok(rows.pop()),
                Err(Failure::Refused(_, Verdict::Again)) => return Ok(None),
                Err(failure) => self.after(failure).await?,
            }
        }
    }

    /// What the statement did. It must be one that can be sent again.
    #[cfg(any(feature = "mysql", feature = "postgres"))]
    pub(super) async fn done(
        &mut self,
        statement: impl Fn() -> Statement<DB>,
    ) -> Result<DB::QueryResult, StoreError> {
        loop {
            match self.execute(statement()).await {
                Ok(done) => return Ok(done),
                Err(failure) => self.after(failure).await?,
            }
        }
    }

    /// What the statement did; `None` if it was refused so. It must be one that can be sent again.
    #[cfg(feature = "mysql")]
    pub(super) async fn done_unless(
        &mut self,
        refused: Verdict,
        statement: impl Fn() -> Statement<DB>,
    ) -> Result<Option<DB::QueryResult>, StoreError> {
        loop {
            match self.execute(statement()).await {
                Ok(done) => return Ok(Some(done)),
                Err(Failure::Refused(_, verdict)) if verdict == refused => return Ok(None),
                Err(failure) => self.after(failure).await?,
            }
        }
    }

    #[cfg(any(feature = "mysql", feature = "postgres"))]
    async fn execute(&self, statement: Statement<DB>) -> Result<DB::QueryResult, Failure> {
        let mut connection = self.connection().await?;
        let done = timeout_at(self.deadline, (&mut *connection).execute(statement)).await;
        Self::answered(connection, done)
    }

    async fn connection(&self) -> Result<PoolConnection<DB>, Failure> {
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

    /// Waits before the statement is sent again, if that can help.
    async fn after(&mut self, failure: Failure) -> Result<(), StoreError> {
        let error = match failure {
            Failure::Late { sent } => {
                self.reached |= sent;
                return Err(self.failed(if sent {
                    LATE.into()
                } else {
                    format!(
                        "the pool had no connection within the time-out: the database can't be \
                         reached, or all {} connections are in use",
                        self.pool.options().get_max_connections()
                    )
                    .into()
                }));
            }
            Failure::Refused(error, Verdict::Final) => {
                self.reached = true;
                let missing = error.as_database_error().is_some_and(DB::is_missing_table);
                return Err(self.failed(if missing {
                    format!("{error}; `idem.migrate()` makes the table").into()
                } else {
                    error.into()
                }));
            }
            Failure::Unsent(error @ (sqlx::Error::PoolClosed | sqlx::Error::Configuration(_))) => {
                return Err(self.failed(error.into()));
            }
            Failure::Unsent(sqlx::Error::Database(error))
                if DB::verdict(&*error) == Verdict::Final =>
            {
                return Err(self.failed(error.into()));
            }
            Failure::Refused(error, _) | Failure::Unsent(error) => error,
            Failure::Broken(error) => {
                self.reached = true;
                // There may be as many of them as the pool has connections, and time for each.
                self.pause = FIRST_PAUSE;
                error
            }
        };
        if Instant::now() + self.pause >= self.deadline {
            return Err(self.failed(error.into()));
        }
        self.pause().await;
        Ok(())
    }

    /// Waits before something is asked anew, so that rivals don't meet again.
    async fn pause(&mut self) {
        tokio::time::sleep(self.pause.mul_f64(rand::random_range(0.5..1.0))).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }

    /// A statement saw the past: it is asked anew, unless the step's time is over.
    pub(super) async fn anew(&mut self) -> Result<(), StoreError> {
        if Instant::now() + self.pause >= self.deadline {
            return Err(self.failed("rivals came first, each time, until the time-out".into()));
        }
        self.pause().await;
        Ok(())
    }

    /// When the step's time is over.
    #[cfg(feature = "sqlite")]
    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    pub(super) fn failed(&self, error: crate::error::Source) -> StoreError {
        if self.reached { StoreError::unknown(error) } else { StoreError::unreached(error) }
    }
}
