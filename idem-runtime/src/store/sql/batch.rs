//! What is sent together: claims of names under which nothing stands, and completions.

use std::sync::Arc;
use std::time::Duration;

use sqlx::{Database, Executor, IntoArguments, Pool};

use super::lane::{Batch, Lane, Turn};
#[cfg(any(feature = "mysql", feature = "sqlite"))]
use super::row::hex;
use super::row::{Fields, row_name};
use super::statements::{Statements, Values};
use super::step::{Dialect, Statement, Step};
use crate::observe;
use crate::store::{Change, Name, Record, StoreError};

/// What a database's batches are sent with.
pub(super) struct Senders<DB: Database> {
    pub(super) pool: Pool<DB>,
    pub(super) statements: Arc<Statements>,
    /// What a step has for everything.
    pub(super) timeout: Duration,
}

impl<DB: Database> Clone for Senders<DB> {
    fn clone(&self) -> Self {
        let Self { pool, statements, timeout } = self;
        Self { pool: pool.clone(), statements: Arc::clone(statements), timeout: *timeout }
    }
}

/// A claim of a name under which nothing stands.
pub(super) struct Claiming {
    pub(super) name: Name,
    pub(super) record: Record,
}

/// A completion by the attempt itself.
pub(super) struct Completing {
    pub(super) name: Name,
    pub(super) running: Record,
    pub(super) completed: Record,
}

impl<DB: Dialect> Step<'_, DB>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    DB::Arguments: IntoArguments<DB>,
{
    /// Claims a name among others.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(super) async fn claim<'l, B: Batch<Entry = Claiming>>(
        &mut self,
        lane: &'l Lane<B>,
        name: &Name,
        record: &Record,
    ) -> Result<Turn<'l, B>, StoreError> {
        let entry = || Claiming { name: name.clone(), record: record.clone() };
        self.turn(lane, record.as_bytes().len(), entry).await
    }

    /// Completes among others what completes; the rest is rare and goes alone, and so does a person's
    /// completion, which has an owner of its own.
    pub(super) async fn complete<'l, B: Batch<Entry = Completing>>(
        &mut self,
        lane: &'l Lane<B>,
        name: &Name,
        running: &Record,
        change: Change<'_>,
    ) -> Result<Turn<'l, B>, StoreError> {
        match change {
            Change::Complete(completed) if completed.owner() == running.owner() => {
                let entry = || Completing {
                    name: name.clone(),
                    running: running.clone(),
                    completed: completed.clone(),
                };
                self.turn(lane, completed.as_bytes().len(), entry).await
            }
            _ => Ok(Turn::Alone(None)),
        }
    }
}

impl<DB: Dialect> Senders<DB>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    DB::Arguments: IntoArguments<DB>,
    Statement<DB>: Values,
{
    /// Gives a name back that was claimed for a caller who has left.
    pub(super) async fn give_back(&self, claim: Claiming, fence: u64) {
        let running = claim.record.with_fence(fence);
        let (free, name) = (running.freed(), row_name(&claim.name));
        let from = Fields::of(&running);
        let release = || self.statements.change(&name, &from, Change::Release(&free));
        if let Err(error) = Step::new(&self.pool, self.timeout).rows(release).await {
            observe::unsettled(&claim.name, "release", &error);
        }
    }
}

/// Many entries as two values: a JSON array for each entry, and all records in a row, in which an
/// array tells a place (from 1) and a length.
#[cfg(any(feature = "mysql", feature = "sqlite"))]
#[derive(Debug, Default)]
pub(super) struct Packed {
    pub(super) arrays: String,
    pub(super) records: Vec<u8>,
}

#[cfg(any(feature = "mysql", feature = "sqlite"))]
impl Packed {
    /// Name, owner (both in hexadecimal digits), fence, attempts, holder, lease, retention, place,
    /// length. The fence of a claim is the least that it may be.
    pub(super) fn claims(entries: &[Claiming]) -> Self {
        let mut records = Vec::new();
        let arrays = entries.iter().map(|entry| {
            let claim = Fields::of(&entry.record);
            let (place, length) = pack(&mut records, claim.record);
            (
                hex(row_name(&entry.name).as_bytes()),
                hex(claim.owner()),
                claim.fence,
                claim.attempts,
                claim.holder,
                claim.lease,
                claim.retention,
                place,
                length,
            )
        });
        let arrays = json(&arrays.collect::<Vec<_>>());
        Self { arrays, records }
    }

    /// Name, owner, fence, retention, place, length.
    pub(super) fn completions(entries: &[Completing]) -> Self {
        let mut records = Vec::new();
        let arrays = entries.iter().map(|entry| {
            let (running, completed) = (Fields::of(&entry.running), Fields::of(&entry.completed));
            let (place, length) = pack(&mut records, completed.record);
            (
                hex(row_name(&entry.name).as_bytes()),
                hex(running.owner()),
                running.fence,
                completed.retention,
                place,
                length,
            )
        });
        let arrays = json(&arrays.collect::<Vec<_>>());
        Self { arrays, records }
    }
}

#[cfg(any(feature = "mysql", feature = "sqlite"))]
fn pack(records: &mut Vec<u8>, record: &[u8]) -> (usize, usize) {
    let place = records.len() + 1;
    records.extend_from_slice(record);
    (place, record.len())
}

/// Text and numbers as JSON.
#[cfg(any(feature = "mysql", feature = "sqlite"))]
pub(super) fn json(arrays: &impl serde::Serialize) -> String {
    serde_json::to_string(arrays).unwrap_or_else(|_| unreachable!("text and numbers"))
}
