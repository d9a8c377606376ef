//! Records inside of the caller's own transaction: what each database does there, on the caller's
//! connection.

use std::future::Future;

#[cfg(any(feature = "mysql", feature = "postgres"))]
use sqlx::{AssertSqlSafe, SqlSafeStr as _, SqlStr};
use sqlx::{Database as Driver, Executor, IntoArguments};
#[cfg(any(feature = "mysql", feature = "postgres"))]
use sqlx_core::transaction::{begin_ansi_transaction_sql, commit_ansi_transaction_sql};

use super::Database;
use super::row::{Fields, LONGEST};
use super::step::{Dialect, Verdict};
use crate::error::Error;
use crate::store::{Change, Claim, Found, Name, Record};

/// A database whose transactions a call can join.
pub trait Joinable: Driver {
    /// Its store, for the names of the table.
    type Records: Sync;

    /// What to write on the builder.
    const BUILD: &'static str;

    /// Its store, if the engine's database is this one.
    fn records(database: &Database) -> Option<&Self::Records>;

    /// Begins a transaction inside of the one that is open. Dropped halfway, it leaves the outer one
    /// as it was.
    fn open(
        connection: &mut Self::Connection,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Makes what was done in the inner transaction a part of the outer one. Dropped halfway, it
    /// has done so, or the transaction's rollback undoes all of it.
    fn keep(
        connection: &mut Self::Connection,
        answers: Answers,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Tries to claim a name, once, without waiting for another transaction. [Over](Claim::over) a
    /// record it never answers [`Tried::Found`].
    fn claim(
        records: &Self::Records,
        connection: &mut Self::Connection,
        claim: Claim<'_>,
    ) -> impl Future<Output = Result<Tried, sqlx::Error>> + Send;

    /// Settles a name that this transaction has claimed; false if the claim is not there any more.
    fn settle(
        records: &Self::Records,
        connection: &mut Self::Connection,
        name: &Name,
        running: &Record,
        change: Change<'_>,
    ) -> impl Future<Output = Result<bool, Error>> + Send;

    /// What it means for the call that a statement was refused.
    fn refusal(error: sqlx::Error) -> Error;
}

/// Whether what the database has answered so far was read to its end.
#[derive(Debug, Clone, Copy)]
pub enum Answers {
    Read,
    /// A body may have dropped a statement of its own.
    PerhapsUnread,
}

/// What one try at a name came to.
#[derive(Debug)]
pub enum Tried {
    /// The transaction has it, under this fence.
    Won(u64),
    /// This stands there.
    Found(Found),
    /// Another transaction has it, which is not over yet.
    Held,
    /// Another transaction has more than the name: the database is locked.
    Locked(sqlx::Error),
    /// A rival came between: to be tried anew, in another inner transaction.
    Raced,
}

/// What a claim inside of a transaction writes. Nobody else sees it before the transaction ends, so it
/// does not expire before.
pub(super) fn unexpiring(record: &Record) -> Fields<'_> {
    Fields { retention: LONGEST, ..Fields::of(record) }
}

/// The statement that makes an inner transaction a part of the outer one, and opens an empty one in its
/// place. Rolling that back undoes nothing, and is queued before the caller's next statement. So sqlx and
/// the database agree on the depth whenever the future is dropped; in sqlx's own `commit` there is a
/// moment at which they don't.
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(super) fn keeping(depth: usize) -> SqlStr {
    let (release, begin) =
        (commit_ansi_transaction_sql(depth), begin_ansi_transaction_sql(depth.saturating_sub(1)));
    AssertSqlSafe(format!("{}; {}", release.as_str(), begin.as_str())).into_sql_str()
}

/// What it means for the call that a statement was refused, where its database has no more to say.
pub(super) fn refusal<DB: Dialect>(error: sqlx::Error) -> Error
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    DB::Arguments: IntoArguments<DB>,
{
    let Some(refused) = error.as_database_error() else {
        return match error {
            sqlx::Error::BeginFailed => Error::conflict(error),
            _ => Error::outage(error),
        };
    };
    match DB::verdict(refused) {
        Verdict::Again => Error::conflict(error),
        Verdict::Final if DB::is_missing_table(refused) => {
            Error::outage(format!("{error}; `idem.migrate()` makes the table"))
        }
        _ => Error::outage(error),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::record::Start;

    #[test]
    fn what_is_claimed_in_a_transaction_does_not_expire_before_that_ends() {
        let start = Start::plain(Duration::from_millis(1), Duration::from_millis(2));
        let record = Record::running(&start, None);
        let (claimed, usual) = (unexpiring(&record), Fields::of(&record));
        assert_eq!((claimed.retention, usual.retention), (LONGEST, 2));
        assert_eq!((claimed.owner(), claimed.lease), (usual.owner(), usual.lease));
    }
}
