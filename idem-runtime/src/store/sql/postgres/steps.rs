//! One step each: claim, settle, get.

use sqlx::postgres::PgRow;
use sqlx::{Postgres as Pg, Row as _};

use super::Postgres;
use crate::store::sql::made_before;
use crate::store::sql::row::{Fields, Standing, row_name, won};
use crate::store::sql::step::Step;
use crate::store::{Change, Claim, Claimed, Found, Name, Record, Settled, Store, StoreError};

impl Postgres {
    /// Claims a name under which nothing stands, or tells what does.
    async fn claim_absent(
        &self,
        step: &mut Step<'_, Pg>,
        name: &str,
        claim: &Fields<'_>,
    ) -> Result<Claimed, StoreError> {
        loop {
            if let Some(row) = step.row(|| self.statements.claim(name, claim)).await? {
                return match standing(&row).map_err(StoreError::unknown)? {
                    Some(standing) => Ok(Claimed::Found(standing.found())),
                    None => won(row.try_get(0)),
                };
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
        let row = row.as_ref().map(standing).transpose().map_err(StoreError::unknown)?;
        Ok(row.flatten().map(|standing| standing.found()))
    }
}

impl Store for Postgres {
    async fn claim(&self, claim: Claim<'_>) -> Result<Claimed, StoreError> {
        let (name, fields) = (row_name(claim.name), Fields::of(claim.record));
        let mut step = self.step();
        if let Some(over) = claim.over.map(Fields::of) {
            let takeover = || self.statements.takeover(&name, &fields, &over.judged());
            if let Some(row) = step.row(takeover).await? {
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
        if step.row(|| self.statements.change(&name, &from, change)).await?.is_some() {
            return Ok(Settled::Done);
        }
        made_before(change, running, self.get_in(&mut step, &name)).await
    }

    async fn get(&self, name: &Name) -> Result<Option<Found>, StoreError> {
        self.get_in(&mut self.step(), &row_name(name)).await
    }
}

/// What stands there; `None` where the row says that the name was claimed.
pub(super) fn standing(row: &PgRow) -> Result<Option<Standing>, sqlx::Error> {
    let Some(record) = row.try_get::<Option<Vec<u8>>, _>(1)? else { return Ok(None) };
    let (fence, lease, kept) = (row.try_get(0)?, row.try_get(2)?, row.try_get(3)?);
    Ok(Some(Standing { fence, record, lease, kept }))
}
