//! One step each: claim, settle, get.

use sqlx::mysql::MySqlRow;
use sqlx::{MySql as Db, Row as _};

use super::MySql;
use crate::store::sql::made_before;
use crate::store::sql::row::{Fields, Judged, Standing, row_name};
use crate::store::sql::step::Step;
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
                    let claim = Fields { fence: claim.fence.max(now), ..*claim };
                    let claimed = step.done(|| self.statements.claim(name, &claim)).await?;
                    claimed.map_or(0, |_| claim.fence.unsigned_abs())
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
        over: &Judged<'_>,
    ) -> Result<u64, StoreError> {
        let taken = step.done(|| self.statements.takeover(name, claim, over)).await?;
        Ok(taken.map_or(0, |done| done.last_insert_id()))
    }

    async fn look(&self, step: &mut Step<'_, Db>, name: &str) -> Result<Look, StoreError> {
        match step.row(|| self.statements.get(name)).await? {
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
            let fence = self.take_over(&mut step, &name, &fields, &over.judged()).await?;
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
        let mut step = self.step();
        let done = step.done(|| self.statements.change(&name, &from, change)).await?;
        let changed = done.is_some_and(|done| match change {
            // Of a deletion the count is the same under every flag.
            Change::Purge => done.rows_affected() > 0,
            _ => done.last_insert_id() > 0,
        });
        if changed {
            return Ok(Settled::Done);
        }
        made_before(change, running, self.get_in(&mut step, &name)).await
    }

    async fn get(&self, name: &Name) -> Result<Option<Found>, StoreError> {
        self.get_in(&mut self.step(), &row_name(name)).await
    }
}

/// What a look at a name came to.
pub(super) enum Look {
    Standing(Standing),
    /// Absent as far as anybody is told, and still a row.
    Expired(Judged<'static>),
    Absent {
        /// The server's clock, µs since 1970.
        now: i64,
    },
}

pub(super) fn look(row: &MySqlRow) -> Result<Look, sqlx::Error> {
    let Some(fence) = row.try_get::<Option<i64>, _>(1)? else {
        return Ok(Look::Absent { now: row.try_get(0)? });
    };
    let kept = row.try_get(4)?;
    Ok(if kept > 0 {
        Look::Standing(Standing { fence, record: row.try_get(2)?, lease: row.try_get(3)?, kept })
    } else {
        Look::Expired(Judged {
            fence,
            state: row.try_get(5)?,
            owner: row.try_get::<Vec<u8>, _>(6)?.into(),
        })
    })
}
