//! One step each: claim, settle, get.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite as Db};

use super::Sqlite;
use crate::store::sql::made_before;
use crate::store::sql::row::{Fields, Standing, row_name, won};
use crate::store::sql::step::Step;
use crate::store::{Change, Claim, Claimed, Found, Name, Record, Settled, Store, StoreError};

impl Sqlite {
    /// Claims a name under which nothing stands, or tells what does.
    async fn claim_absent(
        &self,
        step: &mut Step<'_, Db>,
        name: &str,
        claim: &Fields<'_>,
    ) -> Result<Claimed, StoreError> {
        loop {
            // A name that is taken is only read, which waits for no writer.
            if let Some(found) = self.get_in(step, name).await? {
                return Ok(Claimed::Found(found));
            }
            let claiming = || self.statements.claim(name, claim);
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
        Ok(standing.map(|standing| standing.found()))
    }
}

impl Store for Sqlite {
    async fn claim(&self, claim: Claim<'_>) -> Result<Claimed, StoreError> {
        let (name, fields) = (row_name(claim.name), Fields::of(claim.record));
        let mut step = self.step();
        if let Some(over) = claim.over.map(Fields::of) {
            let takeover = || self.statements.takeover(&name, &fields, &over.judged());
            if let Some(row) = self.write(&mut step, takeover).await?.pop() {
                return won(row.try_get(0));
            }
        }
        self.claim_absent(&mut step, &name, &fields).await
    }

    async fn settle(
        &self,
        name: &Name,
        running: &Record,
        change: Change<'_>,
    ) -> Result<Settled, StoreError> {
        let (name, from) = (row_name(name), Fields::of(running));
        let mut step = self.step();
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
    let (fence, record) = (row.try_get(0)?, row.try_get(1)?);
    Ok(Standing { fence, record, lease: row.try_get(2)?, kept: row.try_get(3)? })
}
