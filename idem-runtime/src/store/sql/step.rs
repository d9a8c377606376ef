//! One step of a store: statements, one after another, each on a connection of the pool that is
//! given back before the next. Sent again within the step's time where that can help.

use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::query::Query;
use sqlx::{Database, Executor, IntoArguments, Pool};
use tokio::time::Instant;

use super::lane::{Batch, Lane, Turn};
#[cfg(feature = "mysql")]
use super::sending::unless;
use super::sending::{Failure, Sending};
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
    sending: Sending<'a, DB>,
    pause: Duration,
    /// Whether the database may have done something that it did not tell of.
    reached: bool,
}

const LATE: &str = "the database did not answer within the time-out";
const CROWDED: &str = "its turn came too late within the time-out, or not at all: the database can't be \
                       reached, or more is asked of it at once than it answers";
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

impl<'a, DB: Dialect> Step<'a, DB>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    DB::Arguments: IntoArguments<DB>,
{
    pub(super) fn new(pool: &'a Pool<DB>, timeout: Duration) -> Self {
        let sending = Sending { pool, deadline: Instant::now() + timeout };
        Self { sending, pause: FIRST_PAUSE, reached: false }
    }

    /// The statement's row, if it answers with one. It must be one that can be sent again.
    pub(super) fn row(
        &mut self,
        statement: impl Fn() -> Statement<DB>,
    ) -> impl Future<Output = Result<Option<DB::Row>, StoreError>> {
        let sending = self.sending;
        self.answer(move || sending.rows(statement()), |rows| Ok(rows?.pop()))
    }

    /// The statement's rows. It must be one that can be sent again.
    pub(super) fn rows(
        &mut self,
        statement: impl Fn() -> Statement<DB>,
    ) -> impl Future<Output = Result<Vec<DB::Row>, StoreError>> {
        let sending = self.sending;
        self.answer(move || sending.rows(statement()), |rows| rows)
    }

    /// The rows of a statement that is sent once; else what the database says, if it does.
    pub(super) async fn once(
        &self,
        statement: Statement<DB>,
    ) -> Result<Vec<DB::Row>, Option<Verdict>> {
        self.sending.rows(statement).await.map_err(Failure::verdict)
    }

    /// What a statement did that is sent once; else what the database says, if it does.
    #[cfg(feature = "mysql")]
    pub(super) async fn done_once(
        &self,
        statement: Statement<DB>,
    ) -> Result<DB::QueryResult, Option<Verdict>> {
        self.sending.done(statement).await.map_err(Failure::verdict)
    }

    /// Waits for the step's turn among others of its kind; one with a record of so many `bytes`.
    pub(super) async fn turn<'l, B: Batch>(
        &mut self,
        lane: &'l Lane<B>,
        bytes: usize,
        entry: impl FnOnce() -> B::Entry,
    ) -> Result<Turn<'l, B>, StoreError> {
        let turn = lane.turn(self.sending.deadline, bytes, entry).await;
        self.reached |= matches!(turn, Turn::Unknown | Turn::Late { sent: true });
        match turn {
            Turn::Late { sent } => Err(self.failed(if sent { LATE } else { CROWDED }.into())),
            turn => Ok(turn),
        }
    }

    /// The row of a statement that waits for nobody; `None` if it would have had to. It must be one
    /// that can be sent again.
    #[cfg(feature = "mysql")]
    pub(super) fn row_at_once(
        &mut self,
        statement: impl Fn() -> Statement<DB>,
    ) -> impl Future<Output = Result<Option<DB::Row>, StoreError>> {
        let sending = self.sending;
        let row = |rows| Ok(unless(Verdict::Again, rows)?.and_then(|mut rows: Vec<_>| rows.pop()));
        self.answer(move || sending.rows(statement()), row)
    }

    /// What the statement did. It must be one that can be sent again.
    #[cfg(any(feature = "mysql", feature = "postgres"))]
    pub(super) fn done(
        &mut self,
        statement: impl Fn() -> Statement<DB>,
    ) -> impl Future<Output = Result<DB::QueryResult, StoreError>> {
        let sending = self.sending;
        self.answer(move || sending.done(statement()), |done| done)
    }

    /// What the statement did; `None` if it was refused so. It must be one that can be sent again.
    #[cfg(feature = "mysql")]
    pub(super) fn done_unless(
        &mut self,
        refused: Verdict,
        statement: impl Fn() -> Statement<DB>,
    ) -> impl Future<Output = Result<Option<DB::QueryResult>, StoreError>> {
        let sending = self.sending;
        self.answer(move || sending.done(statement()), move |done| unless(refused, done))
    }

    /// Sends until what comes of it is an answer, for as long as that can help and there is time.
    async fn answer<S, T>(
        &mut self,
        send: impl Fn() -> S,
        answer: impl Fn(S::Output) -> Result<T, Failure>,
    ) -> Result<T, StoreError>
    where
        S: Future,
    {
        loop {
            match answer(send().await) {
                Ok(answer) => return Ok(answer),
                Err(failure) => self.after(failure).await?,
            }
        }
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
                        self.sending.pool.options().get_max_connections()
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
        if Instant::now() + self.pause >= self.sending.deadline {
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
        if Instant::now() + self.pause >= self.sending.deadline {
            return Err(self.failed("rivals came first, each time, until the time-out".into()));
        }
        self.pause().await;
        Ok(())
    }

    /// When the step's time is over.
    #[cfg(feature = "sqlite")]
    pub(super) fn deadline(&self) -> Instant {
        self.sending.deadline
    }

    pub(super) fn failed(&self, error: crate::error::Source) -> StoreError {
        if self.reached { StoreError::unknown(error) } else { StoreError::unreached(error) }
    }
}
