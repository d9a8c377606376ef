//! One step each: claim, settle, get. Those of records that count are in [`counted`](super::counted).

use redis::{Cmd, RedisResult, Value};

use super::Redis;
use super::answer::{
    done, found, judged, milliseconds, of_another_form, or_standing, swapped, taken_over,
    takes_no_writes, threshold,
};
use super::connection::{Connected, Dialect};
use crate::store::{
    Change, Claim, Claimed, Found, Lease, Name, Record, Settled, Store, StoreError,
};

impl Store for Redis {
    const COUNTS: bool = true;

    async fn claim(&self, claim: Claim<'_>) -> Result<Claimed, StoreError> {
        if claim.record.spent().is_some() || claim.over.is_some_and(|over| over.spent().is_some()) {
            return self.claim_counted(claim).await;
        }
        match claim.over {
            None => self.claim_absent(claim.name, claim.record).await,
            Some(judged) => Box::pin(self.take_over(claim.name, judged, claim.record)).await,
        }
    }

    async fn settle(
        &self,
        name: &Name,
        running: &Record,
        change: Change<'_>,
    ) -> Result<Settled, StoreError> {
        if running.spent().is_some() {
            return self.settle_counted(name, running, change).await;
        }
        match change {
            Change::Renew => {
                let renew = &self.scripts.renew;
                let answer = self.link.step(move |mut server| async move {
                    let arguments = |command: &mut Cmd| {
                        command.arg(running.as_bytes()).arg(milliseconds(running.retention()));
                    };
                    or_standing(renew.run(&mut server, name, arguments).await)
                });
                done(&answer.await?)
            }
            Change::Purge => {
                let purge = &self.scripts.purge;
                let answer = self.link.step(move |mut server| async move {
                    let arguments = |command: &mut Cmd| {
                        command.arg(running.as_bytes());
                    };
                    or_standing(purge.run(&mut server, name, arguments).await)
                });
                done(&answer.await?)
            }
            Change::Complete(next) | Change::Release(next) => {
                let answer =
                    self.link.step(|server| self.swap(server, name, running, next)).await?;
                swapped(answer, running, change)
            }
        }
    }

    async fn get(&self, name: &Name) -> Result<Option<Found>, StoreError> {
        let get = &self.scripts.get;
        let answer = self.link.step(move |mut server| async move {
            or_standing(get.run(&mut server, name, |_| {}).await)
        });
        match answer.await? {
            no_string @ Value::BulkString(_) => Ok(found(no_string)?.map(Found::settled)),
            Value::Array(parts) => match <[Value; 3]>::try_from(parts) {
                Ok([standing, Value::Int(ttl), Value::Int(time)]) => {
                    judged(standing, ttl, Some(time))
                }
                Ok(_) | Err(_) => Err(of_another_form()),
            },
            _ => Err(of_another_form()),
        }
    }
}

impl Redis {
    async fn claim_absent(&self, name: &Name, record: &Record) -> Result<Claimed, StoreError> {
        let retention = milliseconds(record.retention());
        let claim = &self.scripts.claim;
        let answer = self.link.step(move |mut server| async move {
            if server.dialect == Dialect::Scripts {
                let arguments = |command: &mut Cmd| {
                    command.arg(record.as_bytes()).arg(retention);
                };
                return or_standing(Box::pin(claim.run(&mut server, name, arguments)).await);
            }
            let mut set = Cmd::with_capacity(7, 384);
            set.arg("SET").arg(&**name).arg(record.as_bytes());
            set.arg("NX").arg("GET").arg("PX").arg(retention);
            match or_standing(server.query(&set).await) {
                // A server that takes no writes refuses the SET, and still tells what stands there.
                Err(error) if takes_no_writes(&error) => {
                    let mut get = Cmd::new();
                    get.arg("GET").arg(&**name);
                    match or_standing(Box::pin(server.query(&get)).await)? {
                        Value::Nil => Err(error),
                        standing => Ok(standing),
                    }
                }
                answer => answer,
            }
        });
        Ok(match found(answer.await?)? {
            None => Claimed::Won { fence: record.fence() },
            Some(standing) => Claimed::Found(Found::new(standing, Lease::Unjudged)),
        })
    }

    async fn take_over(
        &self,
        name: &Name,
        over: &Record,
        record: &Record,
    ) -> Result<Claimed, StoreError> {
        let takeover = &self.scripts.takeover;
        let answer = self.link.step(move |mut server| async move {
            let arguments = |command: &mut Cmd| {
                command
                    .arg(over.as_bytes())
                    .arg(threshold(over))
                    .arg(milliseconds(over.retention()));
                command.arg(record.as_bytes()).arg(milliseconds(record.retention()));
            };
            or_standing(takeover.run(&mut server, name, arguments).await)
        });
        taken_over(answer.await?, record)
    }

    /// Replaces a running record and says so, or answers what stands there in place of it.
    async fn swap(
        &self,
        mut server: Connected,
        name: &Name,
        running: &Record,
        next: &Record,
    ) -> RedisResult<Value> {
        let retention = milliseconds(next.retention());
        if server.dialect == Dialect::Native {
            let mut set = Cmd::with_capacity(8, 512 + next.as_bytes().len());
            set.arg("SET").arg(&**name).arg(next.as_bytes());
            set.arg("IFEQ").arg(running.as_bytes()).arg("PX").arg(retention);
            return match or_standing(server.query(&set).await) {
                // Without GET, so that the usual answer is short; lost is rare, and whatever
                // stands there a moment later tells no less.
                Ok(Value::Nil) => {
                    let mut get = Cmd::new();
                    get.arg("GET").arg(&**name);
                    or_standing(Box::pin(server.query(&get)).await)
                }
                answer => answer,
            };
        }
        // One of no bytes begins as what is absent does.
        let Some(attempt) = running.attempt() else { return Ok(Value::Nil) };
        let arguments = |command: &mut Cmd| {
            command.arg(attempt).arg(next.as_bytes()).arg(retention);
        };
        or_standing(self.scripts.swap.run(&mut server, name, arguments).await)
    }
}
