//! One step each: claim, settle, get.

use sqlx::mysql::{MySqlQueryResult, MySqlRow};
use sqlx::{MySql as Db, Row as _};

use super::MySql;
use crate::store::sql::row::{Fields, Standing, row_name};
use crate::store::sql::step::{Statement, Step};
use crate::store::{Change, Claim, Claimed, Found, Name, Record, Settled, Store, StoreError};

impl MySql {
    /// Claims a name under which nothing stands, or tells what does.
    async fn claim_absent(
        &self,
        step: &mut Step<'_, Db>,
        name: &str,
        claim: &Fields<'_>,
    ) -> Result<Claimed, StoreError> {
        loop {
            // A name that is taken is only read: a refused insert would lock it.
            let fence = match self.look(step, name).await? {
                Look::Standing(standing) => return Ok(Claimed::Found(standing.found())),
                Look::Expired(expired) => self.take_over(step, name, claim, &expired).await?,
                Look::Absent { now } => {
                    let fence = claim.fence.max(now);
                    let claiming = || {
                        sqlx::query(self.statements.claim.clone())
                            .bind(name.as_bytes())
                            .bind(claim.owner())
                            .bind(fence)
                            .bind(claim.attempts)
                            .bind(claim.holder)
                            .bind(claim.lease)
                            .bind(claim.retention)
                            .bind(claim.record)
                    };
                    step.done(claiming).await?.map_or(0, |_| fence.unsigned_abs())
                }
            };
            if fence > 0 {
                return Ok(Claimed::Won { fence });
            }
            step.anew().await?;
        }
    }

    /// Takes a name over from a record; the new fence, or 0 if it is not to be had.
    async fn take_over(
        &self,
        step: &mut Step<'_, Db>,
        name: &str,
        claim: &Fields<'_>,
        over: &Judged,
    ) -> Result<u64, StoreError> {
        let takeover = || {
            sqlx::query(self.statements.takeover.clone())
                .bind(claim.owner())
                .bind(claim.fence)
                .bind(claim.attempts)
                .bind(claim.holder)
                .bind(claim.lease)
                .bind(claim.retention)
                .bind(claim.record)
                .bind(name.as_bytes())
                .bind(over.state)
                .bind(&*over.owner)
                .bind(over.fence)
        };
        Ok(step.done(takeover).await?.map_or(0, |done| done.last_insert_id()))
    }

    async fn look(&self, step: &mut Step<'_, Db>, name: &str) -> Result<Look, StoreError> {
        let get = || sqlx::query(self.statements.get.clone()).bind(name.as_bytes());
        match step.row(get).await? {
            Some(row) => look(&row).map_err(StoreError::unknown),
            None => Err(StoreError::unknown("an answer of another form")),
        }
    }

    async fn get_in(
        &self,
        step: &mut Step<'_, Db>,
        name: &str,
    ) -> Result<Option<Found>, StoreError> {
        Ok(match self.look(step, name).await? {
            Look::Standing(standing) => Some(standing.found()),
            Look::Expired(_) | Look::Absent { .. } => None,
        })
    }
}

impl Store for MySql {
    async fn claim(&self, claim: Claim<'_>) -> Result<Claimed, StoreError> {
        let (name, fields) = (row_name(claim.name), Fields::of(claim.record));
        let mut step = self.step();
        if let Some(over) = claim.over.map(Fields::of) {
            let over =
                Judged { state: over.state, owner: over.owner().to_vec(), fence: over.fence };
            let fence = self.take_over(&mut step, &name, &fields, &over).await?;
            if fence > 0 {
                return Ok(Claimed::Won { fence });
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
        let owned = |statement: Statement<Db>| {
            statement.bind(name.as_bytes()).bind(from.owner()).bind(from.fence)
        };
        let told = |done: Option<MySqlQueryResult>| done.is_some_and(|it| it.last_insert_id() > 0);
        let done = match change {
            Change::Renew => {
                let renew = || {
                    let renew = sqlx::query(statements.renew.clone());
                    owned(renew.bind(from.lease).bind(from.retention))
                };
                told(step.done(renew).await?)
            }
            Change::Complete(to) | Change::Release(to) => {
                let to = Fields::of(to);
                let settle = || {
                    let settle = sqlx::query(statements.settle.clone());
                    let settle = settle.bind(to.state).bind(to.record).bind(to.retention);
                    owned(settle.bind(to.owner()))
                };
                told(step.done(settle).await?)
            }
            Change::Purge => {
                let purge = || {
                    sqlx::query(statements.purge.clone())
                        .bind(name.as_bytes())
                        .bind(from.state)
                        .bind(from.owner())
                        .bind(from.fence)
                        .bind(from.record)
                };
                // Of a deletion the count is the same under every flag.
                step.done(purge).await?.is_some_and(|done| done.rows_affected() > 0)
            }
        };
        if done {
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

/// What a look at a name came to.
enum Look {
    Standing(Standing),
    /// Absent as far as anybody is told, and still a row.
    Expired(Judged),
    Absent {
        /// The server's clock, µs since 1970.
        now: i64,
    },
}

/// The record that a claim is made over.
struct Judged {
    state: i16,
    owner: Vec<u8>,
    fence: i64,
}

fn look(row: &MySqlRow) -> Result<Look, sqlx::Error> {
    let Some(fence) = row.try_get::<Option<i64>, _>(1)? else {
        return Ok(Look::Absent { now: row.try_get(0)? });
    };
    let kept = row.try_get(4)?;
    Ok(if kept > 0 {
        Look::Standing(Standing { fence, record: row.try_get(2)?, lease: row.try_get(3)?, kept })
    } else {
        Look::Expired(Judged { fence, state: row.try_get(5)?, owner: row.try_get(6)? })
    })
}
