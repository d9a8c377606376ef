//! Claims and completions, many at once.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgRow;
use sqlx::{Postgres as Pg, Row as _};

use super::steps::claimed;
use crate::store::sql::batch::{Claiming, Completing, Senders};
use crate::store::sql::lane::Batch;
use crate::store::sql::row::{Fields, row_name};
use crate::store::sql::step::Step;
use crate::store::{Claimed, Name};

/// A second one costs nobody a wait; from the third on a commit is shared.
const ALONE: usize = 2;

/// Claims that are sent together, also those that find their name taken.
pub(super) struct Claims(pub(super) Senders<Pg>);

impl Batch for Claims {
    const ALONE: usize = ALONE;
    const STEP: &str = "claims";
    type Entry = Claiming;
    type Answer = Claimed;

    fn name(entry: &Claiming) -> &Name {
        &entry.name
    }

    async fn send(&self, entries: &[Claiming], budget: Duration) -> Option<Vec<(usize, Claimed)>> {
        let claims: Vec<_> = entries.iter().map(|entry| Fields::of(&entry.record)).collect();
        let statement = sqlx::query(self.0.statements.claims.clone())
            .bind(entries.iter().map(|entry| row_name(&entry.name)).collect::<Vec<_>>())
            .bind(column(&claims, Fields::owner))
            .bind(column(&claims, |claim| claim.fence))
            .bind(column(&claims, |claim| claim.attempts))
            .bind(column(&claims, |claim| claim.holder))
            .bind(column(&claims, |claim| claim.lease))
            .bind(column(&claims, |claim| claim.retention))
            .bind(column(&claims, |claim| claim.record));
        let rows = Step::new(&self.0.pool, budget).once(statement).await.ok()?;
        rows.iter().map(|row| Some((place(row)?, claimed(row, 1).ok()?))).collect()
    }

    async fn unheard(self: Arc<Self>, entry: Claiming, answer: Claimed) {
        if let Claimed::Won { fence } = answer {
            self.0.give_back(entry, fence).await;
        }
    }
}

/// Completions that are sent together.
pub(super) struct Completions(pub(super) Senders<Pg>);

impl Batch for Completions {
    const ALONE: usize = ALONE;
    const STEP: &str = "completions";
    type Entry = Completing;
    type Answer = ();

    fn name(entry: &Completing) -> &Name {
        &entry.name
    }

    async fn send(&self, entries: &[Completing], budget: Duration) -> Option<Vec<(usize, ())>> {
        let running: Vec<_> = entries.iter().map(|entry| Fields::of(&entry.running)).collect();
        let completed: Vec<_> = entries.iter().map(|entry| Fields::of(&entry.completed)).collect();
        let statement = sqlx::query(self.0.statements.completions.clone())
            .bind(entries.iter().map(|entry| row_name(&entry.name)).collect::<Vec<_>>())
            .bind(column(&running, Fields::owner))
            .bind(column(&running, |running| running.fence))
            .bind(column(&completed, |completed| completed.retention))
            .bind(column(&completed, |completed| completed.record));
        let rows = Step::new(&self.0.pool, budget).once(statement).await.ok()?;
        rows.iter().map(|row| Some((place(row)?, ()))).collect()
    }

    /// What is complete stays so.
    async fn unheard(self: Arc<Self>, _: Completing, (): ()) {}
}

fn column<'e, T>(records: &'e [Fields<'e>], of: impl Fn(&'e Fields<'e>) -> T) -> Vec<T> {
    records.iter().map(of).collect()
}

/// Which entry a row answers.
fn place(row: &PgRow) -> Option<usize> {
    usize::try_from(row.try_get::<i64, _>(0).ok()?).ok()?.checked_sub(1)
}
