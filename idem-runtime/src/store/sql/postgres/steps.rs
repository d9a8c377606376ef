//! One step each: claim, settle, get.

use sqlx::postgres::PgRow;
use sqlx::postgres::types::PgInterval;
use sqlx::{Postgres as Pg, Row as _};

use super::Postgres;
use crate::store::sql::lane::Turn;
use crate::store::sql::made_before;
use crate::store::sql::row::{Fields, Standing, row_name, won};
use crate::store::sql::step::Step;
use crate::store::{Change, Claim, Claimed, Found, Name, Record, Settled, Store, StoreError};

impl Postgres {
    /// Claims a name under which nothing stands, or tells what does.
    async fn claim_absent(
        &self,
        step: &mut Step<'_, Pg>,
        name: &Name,
        record: &Record,
    ) -> Result<Claimed, StoreError> {
        let turn = step.claim(&self.claims, name, record).await?;
        if let Turn::Answered(claimed) = turn {
            return Ok(claimed);
        }
        let (name, claim) = (row_name(name), Fields::of(record));
        loop {
            if let Some(row) = step.row(|| self.statements.claim(&name, &claim)).await? {
                return claimed(&row, 0);
            }
            step.anew().await?;
        }
    }

    async fn get_in(
        &self,
        step: &mut Step<'_, Pg>,
        name: &str,
    ) -> Result<Option<Found>, StoreError> {
        let row = step.row(|| self.statements.get(name)).await?;
        let standing = row.map(|row| standing(&row, 0)).transpose().map_err(StoreError::unknown)?;
        Ok(standing.flatten().map(Standing::found))
    }
}

impl Store for Postgres {
    async fn claim(&self, claim: Claim<'_>) -> Result<Claimed, StoreError> {
        let mut step = self.step();
        if let Some(over) = claim.over.map(Fields::of) {
            let (name, fields) = (row_name(claim.name), Fields::of(claim.record));
            let takeover = || self.statements.takeover(&name, &fields, &over.judged());
            if let Some(row) = step.row(takeover).await? {
                return won(row.try_get(0));
            }
        }
        self.claim_absent(&mut step, claim.name, claim.record).await
    }

    async fn settle(
        &self,
        name: &Name,
        running: &Record,
        change: Change<'_>,
    ) -> Result<Settled, StoreError> {
        let mut step = self.step();
        let turn = step.complete(&self.completions, name, running, change).await?;
        if let Turn::Answered(()) = turn {
            return Ok(Settled::Done);
        }
        let (name, from) = (row_name(name), Fields::of(running));
        let done = step.done(|| self.statements.change(&name, &from, change)).await?;
        if done.rows_affected() > 0 {
            return Ok(Settled::Done);
        }
        made_before(change, running, self.get_in(&mut step, &name)).await
    }

    async fn get(&self, name: &Name) -> Result<Option<Found>, StoreError> {
        self.get_in(&mut self.step(), &row_name(name)).await
    }
}

/// The answer to a claim, in the columns from this one on: a fence, and a record where one stands.
pub(super) fn claimed(row: &PgRow, from: usize) -> Result<Claimed, StoreError> {
    Ok(match standing(row, from).map_err(StoreError::unknown)? {
        Some(standing) => Claimed::Found(standing.found()),
        None => return won(row.try_get(from)),
    })
}

/// What stands there; `None` where the row says that the name was claimed.
pub(super) fn standing(row: &PgRow, from: usize) -> Result<Option<Standing>, sqlx::Error> {
    let record: Option<&[u8]> = row.try_get(from + 1)?;
    let Some(record) = record.map(Record::from_bytes) else { return Ok(None) };
    // Of its lease, or of its retention where it has none: it is owned for as long then.
    let left = micros(row.try_get(from + 2)?);
    Ok(Some(Standing { fence: row.try_get(from)?, record, lease: Some(left), kept: left }))
}

/// A difference of two times has no months, and days of 24 hours.
fn micros(PgInterval { days, microseconds, .. }: PgInterval) -> i64 {
    const DAY: i64 = 24 * 3600 * 1_000_000;
    i64::from(days).saturating_mul(DAY).saturating_add(microseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_counted_in_micros() {
        for (days, microseconds, left) in [
            (0, 5, 5),
            (1, 5, 86_400_000_005),
            (-1, -5, -86_400_000_005),
            // `infinity`, as nobody but a person writes it.
            (i32::MAX, i64::MAX, i64::MAX),
        ] {
            assert_eq!(micros(PgInterval { months: 0, days, microseconds }), left);
        }
    }
}
