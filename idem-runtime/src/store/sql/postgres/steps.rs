//! One step each: claim, settle, get.

use sqlx::postgres::PgRow;
use sqlx::{Postgres as Pg, Row as _, SqlStr};

use super::Postgres;
use crate::store::sql::row::{Fields, Standing, row_name};
use crate::store::sql::step::{Statement, Step};
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
            if let Some(row) = step.row(|| claiming(&self.statements.claim, name, claim)).await? {
                return match standing(&row)? {
                    Some(standing) => Ok(Claimed::Found(standing.found())),
                    None => won(&row),
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
        let get = || sqlx::query(self.statements.get.clone()).bind(name);
        let row = step.row(get).await?;
        Ok(row.as_ref().map(standing).transpose()?.flatten().map(|standing| standing.found()))
    }
}

impl Store for Postgres {
    async fn claim(&self, claim: Claim<'_>) -> Result<Claimed, StoreError> {
        let (name, fields) = (row_name(claim.name), Fields::of(claim.record));
        let mut step = self.step();
        if let Some(over) = claim.over.map(Fields::of) {
            let takeover = || {
                claiming(&self.statements.takeover, &name, &fields)
                    .bind(over.state)
                    .bind(over.owner())
                    .bind(over.fence)
            };
            if let Some(row) = step.row(takeover).await? {
                return won(&row);
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
        let statements = &self.statements;
        let mut step = self.step();
        let row = match change {
            Change::Renew => {
                let renew =
                    || owned(&statements.renew, &name, &from).bind(from.lease).bind(from.retention);
                step.row(renew).await?
            }
            Change::Complete(to) | Change::Release(to) => {
                let to = Fields::of(to);
                let settle = || {
                    owned(&statements.settle, &name, &from)
                        .bind(to.state)
                        .bind(to.record)
                        .bind(to.retention)
                        .bind(to.owner())
                };
                step.row(settle).await?
            }
            Change::Purge => {
                let purge = || {
                    sqlx::query(statements.purge.clone())
                        .bind(&*name)
                        .bind(from.state)
                        .bind(from.owner())
                        .bind(from.fence)
                        .bind(from.record)
                };
                step.row(purge).await?
            }
        };
        if row.is_some() {
            return Ok(Settled::Done);
        }
        match change {
            // An earlier send may have done it.
            Change::Complete(_) | Change::Release(_) => {
                Ok(match self.get_in(&mut step, &name).await? {
                    Some(found) => change.already(running, &found.record),
                    None => Settled::Lost,
                })
            }
            Change::Renew | Change::Purge => Ok(Settled::Lost),
        }
    }

    async fn get(&self, name: &Name) -> Result<Option<Found>, StoreError> {
        self.get_in(&mut self.step(), &row_name(name)).await
    }
}

fn claiming(statement: &SqlStr, name: &str, claim: &Fields<'_>) -> Statement<Pg> {
    sqlx::query(statement.clone())
        .bind(name)
        .bind(claim.owner())
        .bind(claim.fence)
        .bind(claim.attempts)
        .bind(claim.holder)
        .bind(claim.lease)
        .bind(claim.retention)
        .bind(claim.record)
}

fn owned(statement: &SqlStr, name: &str, from: &Fields<'_>) -> Statement<Pg> {
    sqlx::query(statement.clone()).bind(name).bind(from.owner()).bind(from.fence)
}

fn won(row: &PgRow) -> Result<Claimed, StoreError> {
    let fence: i64 = row.try_get(0).map_err(StoreError::unknown)?;
    Ok(Claimed::Won { fence: fence.unsigned_abs() })
}

/// What stands there; `None` where the row says that the name was claimed.
fn standing(row: &PgRow) -> Result<Option<Standing>, StoreError> {
    let read = || {
        let Some(record) = row.try_get::<Option<Vec<u8>>, _>(1)? else { return Ok(None) };
        let (fence, lease, kept) = (row.try_get(0)?, row.try_get(2)?, row.try_get(3)?);
        Ok(Some(Standing { fence, record, lease, kept }))
    };
    read().map_err(|error: sqlx::Error| StoreError::unknown(error))
}
