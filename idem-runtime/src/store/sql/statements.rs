//! The statements that every database has, each a file in its folder, and the values that they take.

use sqlx::{Arguments as _, Database, Encode, IntoArguments, SqlStr, Type};

use super::row::{Fields, Judged};
use super::step::Statement;
use crate::store::Change;

/// Their texts, with a table's names in their places.
#[derive(Clone)]
pub(super) struct Statements {
    pub(super) claim: SqlStr,
    pub(super) takeover: SqlStr,
    pub(super) renew: SqlStr,
    pub(super) settle: SqlStr,
    pub(super) get: SqlStr,
    pub(super) purge: SqlStr,
    pub(super) sweep: SqlStr,
    /// [`claim`](Self::claim), for many at once.
    pub(super) claims: SqlStr,
    /// [`settle`](Self::settle), for many that complete.
    pub(super) completions: SqlStr,
}

/// The [`Statements`] for a table, from the files beside the one that asks.
macro_rules! statements {
    ($table:expr) => {
        $crate::store::sql::statements::Statements {
            claim: $table.statement(include_str!("claim.sql")),
            takeover: $table.statement(include_str!("takeover.sql")),
            renew: $table.statement(include_str!("renew.sql")),
            settle: $table.statement(include_str!("settle.sql")),
            get: $table.statement(include_str!("get.sql")),
            purge: $table.statement(include_str!("purge.sql")),
            sweep: $table.statement(include_str!("sweep.sql")),
            claims: $table.statement(include_str!("claims.sql")),
            completions: $table.statement(include_str!("completions.sql")),
        }
    };
}
pub(super) use statements;

impl Statements {
    /// Claims a name under which nothing stands.
    pub(super) fn claim<S: Values>(&self, name: &str, claim: &Fields<'_>) -> S {
        S::of(&self.claim).claiming(claim).name(name)
    }

    /// Claims a name over the record that was judged.
    pub(super) fn takeover<S: Values>(
        &self,
        name: &str,
        claim: &Fields<'_>,
        over: &Judged<'_>,
    ) -> S {
        S::of(&self.takeover).claiming(claim).name(name).judged(over)
    }

    /// Changes what stands under a name, if it is still `running`.
    pub(super) fn change<S: Values>(
        &self,
        name: &str,
        running: &Fields<'_>,
        change: Change<'_>,
    ) -> S {
        match change {
            Change::Renew => S::of(&self.renew).lasting(running).name(name).own(running),
            Change::Complete(to) | Change::Release(to) => {
                S::of(&self.settle).settling(&Fields::of(to)).name(name).own(running)
            }
            Change::Purge => {
                S::of(&self.purge).name(name).judged(&running.judged()).record(running)
            }
        }
    }

    /// Reads what stands under a name.
    pub(super) fn get<S: Values>(&self, name: &str) -> S {
        S::of(&self.get).name(name)
    }
}

/// A statement that takes values, those that stand together at once: they have the same order in
/// every database.
pub(super) trait Values {
    fn of(text: &SqlStr) -> Self;
    fn name(self, name: &str) -> Self;
    /// Owner, fence, attempts, holder, lease, retention, record.
    fn claiming(self, record: &Fields<'_>) -> Self;
    /// State, record, retention, owner.
    fn settling(self, record: &Fields<'_>) -> Self;
    /// Lease, retention.
    fn lasting(self, record: &Fields<'_>) -> Self;
    /// Owner, fence.
    fn own(self, record: &Fields<'_>) -> Self;
    /// State, owner, fence.
    fn judged(self, record: &Judged<'_>) -> Self;
    fn record(self, record: &Fields<'_>) -> Self;
}

/// How many values a statement has at most, and how many bytes they usually are: room is made once.
const MOST_VALUES: usize = 11;
const USUAL_SIZE: usize = 512;

/// How a database takes a name.
pub(super) trait Named: Database {
    type Name<'n>: Encode<'n, Self> + Type<Self>;

    fn name(name: &str) -> Self::Name<'_>;
}

impl<DB: Named> Values for Statement<DB>
where
    DB::Arguments: IntoArguments<DB>,
    for<'v> &'v [u8]: Encode<'v, DB> + Type<DB>,
    for<'v> &'v str: Encode<'v, DB> + Type<DB>,
    for<'v> i16: Encode<'v, DB> + Type<DB>,
    for<'v> i32: Encode<'v, DB> + Type<DB>,
    for<'v> i64: Encode<'v, DB> + Type<DB>,
    for<'v> Option<i64>: Encode<'v, DB> + Type<DB>,
{
    fn of(text: &SqlStr) -> Self {
        let mut arguments = DB::Arguments::default();
        arguments.reserve(MOST_VALUES, USUAL_SIZE);
        sqlx::query_with(text.clone(), arguments)
    }

    fn name(self, name: &str) -> Self {
        self.bind(DB::name(name))
    }

    fn claiming(self, record: &Fields<'_>) -> Self {
        let owned = self.own(record).bind(record.attempts).bind(record.holder);
        owned.lasting(record).record(record)
    }

    fn settling(self, record: &Fields<'_>) -> Self {
        self.bind(record.state).record(record).bind(record.retention).bind(record.owner())
    }

    fn lasting(self, record: &Fields<'_>) -> Self {
        self.bind(record.lease).bind(record.retention)
    }

    fn own(self, record: &Fields<'_>) -> Self {
        self.bind(record.owner()).bind(record.fence)
    }

    fn judged(self, record: &Judged<'_>) -> Self {
        self.bind(record.state).bind(&*record.owner).bind(record.fence)
    }

    fn record(self, record: &Fields<'_>) -> Self {
        self.bind(record.record)
    }
}
