//! Records in a table of the caller's own database, by the caller's own pool.
//!
//! A step is a statement that commits by itself; the unique index decides between claims that come at
//! once, and only the database's clock judges times. `sending` sends a statement once, `step` again where
//! that helps; `lane` gathers steps that come at once, and `batch` is what they have in common; `inside` and
//! `guard` are for the caller's own transaction.
//!
//! The folders of the databases mirror each other: who knows one knows all. Each has its statements as
//! files, `steps` for claim, settle and get, and `batches`, `inside` and `guard` for the above.

mod batch;
mod database;
pub(crate) mod guard;
pub(crate) mod inside;
mod lane;
mod migrations;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
mod row;
mod sending;
#[cfg(feature = "sqlite")]
mod sqlite;
mod statements;
mod step;
mod table;

pub(crate) use database::{Database, Source};
#[cfg(feature = "mysql")]
pub use mysql::MySql;
#[cfg(feature = "postgres")]
pub use postgres::Postgres;
#[cfg(feature = "sqlite")]
pub use sqlite::Sqlite;

use crate::error::Error;
use crate::store::{Change, Found, Record, Settled, StoreError};

/// The table's name, unless the engine is told another.
pub(crate) const DEFAULT_TABLE: &str = "idem_records";

/// How many expired records one statement of a sweep deletes at most: few enough to be done in an
/// instant.
const BATCH: i64 = 1000;

fn outage(error: sqlx::Error) -> Error {
    Error::outage(error)
}

/// What a change came to whose statement found nothing to change: an earlier send, whose answer was
/// lost, may have made it.
async fn made_before(
    change: Change<'_>,
    running: &Record,
    get: impl Future<Output = Result<Option<Found>, StoreError>>,
) -> Result<Settled, StoreError> {
    match change {
        Change::Complete(_) | Change::Release(_) => {
            let found = get.await?;
            Ok(found.map_or(Settled::Lost, |found| change.already(running, &found.record)))
        }
        Change::Renew | Change::Purge => Ok(Settled::Lost),
    }
}
