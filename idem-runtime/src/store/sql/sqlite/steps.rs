//! One step each: claim, settle, get.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite as Db};

use super::Sqlite;
use crate::store::sql::lane::Turn;
use crate::store::sql::made_before;
use crate::store::sql::row::{Fields, Standing, row_name, won};
use crate::store::sql::step::Step;
use crate::store::{Change, Claim, Claimed, Found, Name, Record, Settled, Store, StoreError};

impl Sqlite {
    /// Claims a name under which nothing stands, or tells what does.
    async fn claim_absent(
        &self,
        step: &mut Step<'_, Db>,
        name: &Name,
        record: &Record,
    ) -> Result<Claimed, StoreError> {
        let (row_name, claim) = (row_name(name), Fields::of(record));
        loop {
            // A name that is taken is only read, which waits for no writer.
            if let Some(found) = self.get_in(step, &row_name).await? {
                return Ok(Claimed::Found(found));
            }
            let turn = step.claim(&self.claims, name, record).await?;
            if let Turn::Answered(fence) = turn {
                return Ok(Claimed::Won { fence: fence.unsigned_abs() });
            }
            let claiming = || self.statements.claim(&row_name, &claim);
            if let Some(row) = self.write(step, claiming).await?.pop() {
                return won(row.try_get(0));
            }
            step.anew().await?;
        }
    }

    async fn get_in(
        &self,
        step: &mut Step<'_, Db>,
        name: &str,
    ) -> Result<Option<Found>, StoreError> {
        let row = step.row(|| self.statements.get(name)).await?;
        let standing = row.as_ref().map(standing).transpose().map_err(StoreError::unknown)?;
        Ok(standing.map(Standing::found))
    }
}

impl Store for Sqlite {
    async fn claim(&self, claim: Claim<'_>) -> Result<Claimed, StoreError> {
        let mut step = self.step();
        if let Some(over) = claim.over.map(Fields::of) {
            let (name, fields) = (row_name(claim.name), Fields::of(claim.record));
            let takeover = || self.statements.takeover(&name, &fields, &over.judged());
            if let Some(row) = self.write(&mut step, takeover).await?.pop() {
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
        let changed = || self.statements.change(&name, &from, change);
        if !self.write(&mut step, changed).await?.is_empty() {
            return Ok(Settled::Done);
        }
        made_before(change, running, self.get_in(&mut step, &name)).await
    }

    async fn get(&self, name: &Name) -> Result<Option<Found>, StoreError> {
        self.get_in(&mut self.step(), &row_name(name)).await
    }
}

pub(super) fn standing(row: &SqliteRow) -> Result<Standing, sqlx::Error> {
    Ok(Standing {
        fence: row.try_get(0)?,
        record: Record::from_bytes(row.try_get(1)?),
        lease: row.try_get(2)?,
        kept: row.try_get(3)?,
    })
}
