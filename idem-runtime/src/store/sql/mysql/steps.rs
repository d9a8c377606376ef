//! One step each: claim, settle, get.

use sqlx::mysql::MySqlRow;
use sqlx::{MySql as Db, Row as _};

use super::MySql;
use super::batches::Inserted;
use crate::__private::crash;
use crate::store::sql::batch::Claiming;
use crate::store::sql::lane::Turn;
use crate::store::sql::made_before;
use crate::store::sql::row::{Fields, Judged, Standing, row_name, unhex};
use crate::store::sql::statements::Values as _;
use crate::store::sql::step::{Statement, Step, Verdict};
use crate::store::{Change, Claim, Claimed, Found, Name, Record, Settled, Store, StoreError};

impl MySql {
    /// Claims a name under which nothing stands, or tells what does.
    async fn claim_absent(
        &self,
        step: &mut Step<'_, Db>,
        name: &Name,
        record: &Record,
    ) -> Result<Claimed, StoreError> {
        let (row_name, claim) = (row_name(name), Fields::of(record));
        loop {
            let looked = match step.turn(&self.looks, 0, || name.clone()).await? {
                Turn::Answered(look) => look,
                _alone => match self.claim_or_tell(step, &row_name, record).await? {
                    Some(Told::Won { fence }) => return Ok(Claimed::Won { fence }),
                    Some(Told::Other(look)) => look,
                    // A name that is taken is only read: a refused insert would wait for its lock.
                    None => self.look(step, &row_name).await?,
                },
            };
            let fence = match looked {
                Look::Standing(standing) => return Ok(Claimed::Found(standing.found())),
                Look::Expired(expired) => self.take_over(step, &row_name, &claim, &expired).await?,
                Look::Absent => self.insert(step, name, record).await?,
            };
            if fence > 0 {
                return Ok(Claimed::Won { fence });
            }
            step.anew().await?;
        }
    }

    /// Claims a name that has no row, or tells what stands there, in one statement; `None` where the
    /// server can't, or would have to wait.
    async fn claim_or_tell(
        &self,
        step: &mut Step<'_, Db>,
        name: &str,
        record: &Record,
    ) -> Result<Option<Told>, StoreError> {
        if !self.server.tells() {
            return Ok(None);
        }
        let claim = Fields::of(record);
        crash::before("insert");
        let statement = || Statement::of(&self.claim_or_tell).claiming(&claim).name(name);
        let answer = step.row_at_once(statement).await?;
        crash::after("insert");
        let Some(row) = answer else { return Ok(None) };
        Ok(Some(match look(&row).map_err(StoreError::unknown)? {
            // Not by an earlier statement whose answer was lost: of that one the lease has begun.
            Look::Standing(it) if it.kept == claim.retention * 1000 && it.record == *record => {
                Told::Won { fence: it.fence.unsigned_abs() }
            }
            other => Told::Other(other),
        }))
    }

    /// Claims a name that has no row; the fence, or 0 if a rival has made one.
    async fn insert(
        &self,
        step: &mut Step<'_, Db>,
        name: &Name,
        record: &Record,
    ) -> Result<u64, StoreError> {
        crash::before("insert");
        let claiming = || Claiming { name: name.clone(), record: record.clone() };
        let fence = match step.turn(&self.claims, record.as_bytes().len(), claiming).await? {
            Turn::Answered(Inserted::Won { fence }) => fence,
            Turn::Answered(Inserted::Rival) => 0,
            _alone => {
                let (name, claim) = (row_name(name), Fields::of(record));
                let claiming = || self.statements.claim(&name, &claim);
                let claimed = step.done_unless(Verdict::Rival, claiming).await?;
                claimed.map_or(0, |done| done.last_insert_id())
            }
        };
        crash::after("insert");
        Ok(fence)
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
        Ok(taken.last_insert_id())
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
            Look::Expired(_) | Look::Absent => None,
        })
    }
}

impl Store for MySql {
    async fn claim(&self, claim: Claim<'_>) -> Result<Claimed, StoreError> {
        let mut step = self.step();
        if let Some(over) = claim.over.map(Fields::of) {
            let (name, fields) = (row_name(claim.name), Fields::of(claim.record));
            let fence = self.take_over(&mut step, &name, &fields, &over.judged()).await?;
            if fence > 0 {
                return Ok(Claimed::Won { fence });
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
        let changed = match change {
            // Of a deletion the count is the same under every flag.
            Change::Purge => done.rows_affected() > 0,
            _ => done.last_insert_id() > 0,
        };
        if changed {
            return Ok(Settled::Done);
        }
        made_before(change, running, self.get_in(&mut step, &name)).await
    }

    async fn get(&self, name: &Name) -> Result<Option<Found>, StoreError> {
        self.get_in(&mut self.step(), &row_name(name)).await
    }
}

/// What a claim came to that tells what stands there.
enum Told {
    Won { fence: u64 },
    Other(Look),
}

/// What a look at a name came to.
pub(super) enum Look {
    Standing(Standing),
    /// Absent as far as anybody is told, and still a row.
    Expired(Judged<'static>),
    Absent,
}

/// What stands in an answer for what is not there.
const NOTHING: &[u8] = b"-";

pub(super) fn look(row: &MySqlRow) -> Result<Look, sqlx::Error> {
    let other = || sqlx::Error::Decode("an answer of another form".into());
    let mut told = row.try_get_unchecked::<&[u8], _>(0)?.splitn(6, |byte| *byte == b' ');
    let mut next = || told.next().ok_or_else(other);
    let text = |bytes| str::from_utf8(bytes).map_err(|_| other());
    let number = |bytes| text(bytes)?.parse::<i64>().map_err(|_| other());
    let fence = match next()? {
        NOTHING => return Ok(Look::Absent),
        fence => number(fence)?,
    };
    let (lease, kept, state, owner) = (next()?, number(next()?)?, number(next()?)?, next()?);
    Ok(if kept > 0 {
        let lease = if lease == NOTHING { None } else { Some(number(lease)?) };
        let record = Record::from_bytes(next()?);
        Look::Standing(Standing { fence, record, lease, kept })
    } else {
        let state = i16::try_from(state).map_err(|_| other())?;
        let owner = unhex(text(owner)?).ok_or_else(other)?;
        Look::Expired(Judged { fence, state, owner: owner.into() })
    })
}
