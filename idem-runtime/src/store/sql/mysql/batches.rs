//! Looks, claims and completions, many at once.

use std::sync::Arc;
use std::time::Duration;

use sqlx::mysql::MySqlRow;
use sqlx::{MySql as Db, Row as _, SqlStr};

use super::server::Server;
use super::steps::{Look, look};
use crate::store::Name;
use crate::store::sql::batch::{Claiming, Completing, Packed, Senders, json};
use crate::store::sql::lane::Batch;
use crate::store::sql::row::{Fields, hex, row_name};
use crate::store::sql::step::{Step, Verdict};
use crate::store::sql::table::Table;

/// A second one costs nobody a wait; from the third on a commit is shared.
const ALONE: usize = 2;

/// Looks at what stands under names.
pub(super) struct Looks {
    pub(super) senders: Senders<Db>,
    pub(super) statement: SqlStr,
}

impl Batch for Looks {
    const ALONE: usize = ALONE;
    const STEP: &str = "looks";
    /// A claim may follow.
    const TURNS: u32 = 2;
    type Entry = Name;
    type Answer = Look;

    fn name(entry: &Name) -> &Name {
        entry
    }

    async fn send(&self, names: &[Name], budget: Duration) -> Option<Vec<(usize, Look)>> {
        let names: Vec<_> = names.iter().map(|name| hex(row_name(name).as_bytes())).collect();
        let statement = sqlx::query(self.statement.clone()).bind(json(&names));
        let rows = Step::new(&self.senders.pool, budget).once(statement).await.ok()?;
        rows.iter().map(|row| Some((place(row, 1)?, look(row).ok()?))).collect()
    }

    async fn unheard(self: Arc<Self>, _: Name, _: Look) {}
}

/// Claims of names that have no row.
pub(super) struct Claims(pub(super) Senders<Db>);

/// What became of a claim.
pub(super) enum Inserted {
    Won {
        fence: u64,
    },
    /// A rival has made a row of one of the batch's names: it is to be looked at again.
    Rival,
}

impl Batch for Claims {
    const ALONE: usize = ALONE;
    const STEP: &str = "claims";
    type Entry = Claiming;
    type Answer = Inserted;

    fn name(entry: &Claiming) -> &Name {
        &entry.name
    }

    async fn send(&self, entries: &[Claiming], budget: Duration) -> Option<Vec<(usize, Inserted)>> {
        let Packed { arrays, records } = Packed::claims(entries);
        let statement = sqlx::query(self.0.statements.claims.clone()).bind(records).bind(arrays);
        // All or none.
        match Step::new(&self.0.pool, budget).done_once(statement).await {
            Ok(done) => {
                let now = done.last_insert_id();
                let least = |entry: &Claiming| Fields::of(&entry.record).fence.unsigned_abs();
                let fences = entries.iter().map(|entry| now.max(least(entry)));
                let won = fences.map(|fence| Inserted::Won { fence });
                (now > 0).then(|| won.enumerate().collect())
            }
            Err(Some(Verdict::Rival)) => {
                Some(entries.iter().map(|_| Inserted::Rival).enumerate().collect())
            }
            Err(_) => None,
        }
    }

    async fn unheard(self: Arc<Self>, entry: Claiming, answer: Inserted) {
        if let Inserted::Won { fence } = answer {
            self.0.give_back(entry, fence).await;
        }
    }
}

/// Completions that are sent together, and read where not all of them were made.
pub(super) struct Completions {
    pub(super) senders: Senders<Db>,
    /// What MariaDB is sent.
    in_mariadb: SqlStr,
    completed: SqlStr,
    server: Arc<Server>,
}

/// What [`Completions`] ask of a row in MariaDB, for each column that they change.
const RUNNING: &str = "{table}.state = 1 and {table}.owner = values(owner) \
                       and {table}.fence = values(fence) and {table}.expires_at > utc_timestamp(6)";

impl Completions {
    pub(super) fn new(senders: Senders<Db>, table: &Table, server: Arc<Server>) -> Self {
        let in_mariadb = include_str!("mariadb/completions.sql").replace("{running}", RUNNING);
        Self {
            senders,
            in_mariadb: table.statement(&in_mariadb),
            completed: table.statement(include_str!("completed.sql")),
            server,
        }
    }
}

impl Batch for Completions {
    const ALONE: usize = ALONE;
    const STEP: &str = "completions";
    type Entry = Completing;
    type Answer = ();

    fn name(entry: &Completing) -> &Name {
        &entry.name
    }

    async fn send(&self, entries: &[Completing], budget: Duration) -> Option<Vec<(usize, ())>> {
        let Packed { arrays, records } = Packed::completions(entries);
        // A row that is completed is changed: it counts the same under every flag of the connection.
        let (statement, counts) = if self.server.tells() {
            (sqlx::query(self.in_mariadb.clone()).bind(records).bind(&arrays), 2)
        } else {
            let statement = sqlx::query(self.senders.statements.completions.clone());
            (statement.bind(&arrays).bind(records), 1)
        };
        let step = Step::new(&self.senders.pool, budget);
        let done = step.done_once(statement).await.ok()?;
        if done.rows_affected() == counts * entries.len() as u64 {
            return Some((0..entries.len()).map(|at| (at, ())).collect());
        }
        let completed = sqlx::query(self.completed.clone()).bind(arrays);
        let rows = step.once(completed).await.ok()?;
        rows.iter().map(|row| Some((place(row, 0)?, ()))).collect()
    }

    /// What is complete stays so.
    async fn unheard(self: Arc<Self>, _: Completing, (): ()) {}
}

/// Which entry a row answers, by the column of its place.
fn place(row: &MySqlRow, column: usize) -> Option<usize> {
    let place = row.try_get_unchecked::<i64, _>(column).ok()?;
    usize::try_from(place).ok()?.checked_sub(1)
}
