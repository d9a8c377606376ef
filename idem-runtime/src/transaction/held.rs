//! A claim inside of the caller's transaction: settled with the body's writes, or undone with them.

use std::sync::Arc;

use tokio::time::Instant;

use super::OpenTransaction;
use super::nested::Nested;
use crate::__private::crash;
use crate::attempt::try_attempt;
use crate::engine::Idem;
use crate::error::Error;
use crate::flight::{Departure, Flight};
use crate::flights::Alone;
use crate::observe;
use crate::outcome::Outcome;
use crate::plan::Plan;
use crate::record::Record;
use crate::returns::Returns;
use crate::settlement::{Ended, Settlement};
use crate::store::Name;
use crate::store::sql::inside::{Answers, Joinable as _};

/// The right to run, and the transaction inside of the caller's that everything is done in.
#[must_use]
pub(super) struct Held<'t, T: OpenTransaction> {
    nested: Nested<'t, T>,
    /// The running record; `None` on an engine that is disabled.
    record: Option<Record>,
    alone: Alone,
}

impl<'t, T: OpenTransaction> Held<'t, T> {
    /// `record`: what was claimed; `None` runs without a claim, and is undone all the same.
    pub(super) fn new(
        idem: &Idem,
        name: &Name,
        record: Option<Record>,
        nested: Nested<'t, T>,
    ) -> Self {
        let parent = try_attempt().map(|around| Arc::clone(around.flight()));
        let flight = match &record {
            None => Flight::unguarded(idem.id(), name.clone(), parent),
            Some(record) => Flight::new(Departure {
                name: name.clone(),
                fingerprint: None,
                fence: record.fence(),
                number: record.attempts(),
                engine: idem.id(),
                parent,
                until: None,
            }),
        };
        let alone = Alone::depart(idem, flight);
        Self { nested, record, alone }
    }

    pub(super) fn flight(&self) -> &Arc<Flight> {
        self.alone.flight()
    }

    /// The largest result that is stored, in bytes.
    pub(super) fn max_result(&self) -> usize {
        self.alone.idem().max_result()
    }

    pub(super) fn transaction(&mut self) -> &mut T {
        self.nested.transaction()
    }

    /// Undoes the claim and what the body wrote.
    pub(super) async fn undo(self) -> Outcome {
        let undone = self.nested.undo().await.map(drop);
        if let Err(error) = &undone {
            observe::not_undone(&self.alone.flight().name, error);
        }
        self.alone.end();
        outcome(self.record.as_ref(), undone.is_ok())
    }

    /// Stores what the body came to, and makes it a part of the caller's transaction with all that
    /// the body wrote. Where that fails, or is dropped halfway, all of it is undone.
    pub(super) async fn complete<R>(
        mut self,
        value: &R,
        plan: &Plan,
        returns: &Returns<R>,
    ) -> Result<Outcome, Error> {
        let (idem, flight) = (self.alone.idem(), self.alone.flight());
        let answers = match &self.record {
            Some(record) => {
                let settlement = Ended { idem, flight, record }.succeeded(value, plan, returns);
                settle(&mut self.nested, idem, &flight.name, record, &settlement).await?;
                Answers::Read
            }
            None => Answers::PerhapsUnread,
        };
        self.nested.keep(answers).await?;
        self.alone.end();
        Ok(outcome(self.record.as_ref(), true))
    }
}

/// How a call is answered whose body ran under this record, or without one.
fn outcome(running: Option<&Record>, stored: bool) -> Outcome {
    running.map_or(Outcome::Unguarded, |running| {
        let attempt = running.attempts();
        Outcome::Ran { attempt, stored }
    })
}

async fn settle<T: OpenTransaction>(
    nested: &mut Nested<'_, T>,
    idem: &Idem,
    name: &Name,
    running: &Record,
    settlement: &Settlement,
) -> Result<(), Error> {
    let records = idem.records::<T::Database>()?;
    let (change, sent) = (settlement.change(), Instant::now());
    crash::before(observe::op(change));
    let settled = T::Database::settle(records, nested.connection(), name, running, change).await;
    crash::after(observe::op(change));
    observe::stepped(observe::op(change), sent);
    if settled? {
        Ok(())
    } else {
        Err(Error::conflict("the database has undone the transaction while the body ran"))
    }
}
