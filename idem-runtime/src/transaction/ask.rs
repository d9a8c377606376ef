//! Asking for the right to run, inside of the caller's transaction.

use std::time::Duration;

use tokio::time::Instant;

use super::OpenTransaction;
use super::held::Held;
use super::nested::Nested;
use crate::__private::crash;
use crate::answer::{StoredResult, answered, in_flight};
use crate::attempt::try_attempt;
use crate::decide::{Asker, Decision, decide};
use crate::engine::Idem;
use crate::error::Error;
use crate::key::Key;
use crate::observe;
use crate::plan::Plan;
use crate::record::Record;
use crate::returns::Returns;
use crate::store::sql::guard::{Passage, guard};
use crate::store::sql::inside::{Joinable, Tried};
use crate::store::{Claim, Name};
use crate::wait::Patience;

/// What asking for the right to run came to.
pub(super) enum Asked<'t, T: OpenTransaction> {
    Run(Held<'t, T>),
    Replay(StoredResult),
}

/// How often a claim is tried against rivals that come between each time.
const ROUNDS: usize = 32;
/// When to ask again about another transaction: how long it takes is in nobody's record.
const ANOTHER: Duration = Duration::from_secs(1);

/// Tries until the call may run, is answered, or is refused. Nothing is held while it waits.
pub(super) async fn ask<'t, R, T: OpenTransaction>(
    idem: &Idem,
    plan: Plan,
    key: &Key,
    name: &Name,
    returns: Returns<R>,
    mut outer: &'t mut T,
) -> Result<Asked<'t, T>, Error> {
    key.check()?;
    let fault = plan.fault().or_else(|| plan.fault_in_transaction());
    if let Some(fault) = fault.or_else(|| plan.fault_of(key)) {
        return Err(Error::config(fault));
    }
    if returns.judge.is_some() {
        return Err(Error::config(
            "a call in a transaction takes no `on_err`: its `Err` undoes it",
        ));
    }
    Idem::check_runtime()?;
    if try_attempt().is_some_and(|around| around.flight().is_within(idem.id(), name)) {
        return Err(in_flight(key, plan.lease_or_default()));
    }
    let asker = Asker::new(plan, key, returns.codec);
    let records = if idem.is_disabled() { None } else { Some(idem.records::<T::Database>()?) };
    let claimant = records.map(|records| Claimant { idem, plan, name, asker: &asker, records });
    let mut patience = Patience::new(plan.wait);
    let mut rounds = 0;
    loop {
        let mut nested = Nested::open(outer).await?;
        let next = match &claimant {
            Some(claimant) => claimant.claim(&mut nested).await?,
            None => Next::Start(None),
        };
        let (refused, left) = match next {
            Next::Start(record) => match guarded(records, &mut nested, key).await? {
                Passage::Passed => return Ok(Asked::Run(Held::new(idem, name, record, nested))),
                Passage::Locked(refused) => (refused, ANOTHER),
            },
            Next::Answer(decision, record) => {
                let waited = patience.has_waited();
                return answered(decision, &asker, record, key, waited).map(Asked::Replay);
            }
            Next::Claim if rounds < ROUNDS => {
                outer = nested.undo().await?;
                rounds += 1;
                continue;
            }
            Next::Claim => (in_flight(key, ANOTHER), ANOTHER),
            Next::InFlight(left) => (in_flight(key, left), left),
            Next::Locked(refused) => (refused, ANOTHER),
        };
        // What a try may have locked is free again before anybody waits for anybody.
        outer = nested.undo().await?;
        let Some(until) = patience.pause(left) else { return Err(refused) };
        tokio::time::sleep_until(until).await;
    }
}

/// Makes the transition that the key has, if it has one.
async fn guarded<T: OpenTransaction>(
    records: Option<&<T::Database as Joinable>::Records>,
    nested: &mut Nested<'_, T>,
    key: &Key,
) -> Result<Passage, Error> {
    let Some(transition) = key.its_transition() else { return Ok(Passage::Passed) };
    let sent = Instant::now();
    crash::before("transition");
    let guarded = guard::<T::Database>(records, nested.connection(), transition).await;
    crash::after("transition");
    observe::stepped("transition", sent);
    guarded
}

/// What a call does next.
enum Next {
    /// Starts its body: this record is its claim, `None` on an engine that is disabled.
    Start(Option<Record>),
    /// Claims again: a rival came between two statements.
    Claim,
    /// Waits, or is refused: the key is another attempt's, and asking again can help after this long.
    InFlight(Duration),
    /// Waits, or is refused with this: somebody locks more than the key.
    Locked(Error),
    /// Is answered, or refused, because of this record.
    Answer(Decision, Record),
}

struct Claimant<'a, DB: Joinable> {
    idem: &'a Idem,
    plan: Plan,
    name: &'a Name,
    asker: &'a Asker,
    records: &'a DB::Records,
}

impl<DB: Joinable> Claimant<'_, DB> {
    async fn claim<T>(&self, nested: &mut Nested<'_, T>) -> Result<Next, Error>
    where
        T: OpenTransaction<Database = DB>,
    {
        let mut over: Option<Record> = None;
        loop {
            let record = self.asker.running(self.idem, self.plan, over.as_ref());
            let claim = Claim::new(self.name, &record, over.as_ref());
            let sent = Instant::now();
            crash::before("claim");
            let tried = DB::claim(self.records, nested.connection(), claim).await;
            crash::after("claim");
            observe::stepped("claim", sent);
            let found = match tried.map_err(DB::refusal)? {
                Tried::Won(fence) => return Ok(Next::Start(Some(record.with_fence(fence)))),
                Tried::Found(found) => found,
                Tried::Held => return Ok(Next::InFlight(ANOTHER)),
                Tried::Locked(error) => return Ok(Next::Locked(DB::refusal(error))),
                Tried::Raced => return Ok(Next::Claim),
            };
            match decide(&found.record, found.lease, self.asker) {
                Decision::TakeOver => over = Some(found.record),
                Decision::InFlight => {
                    let left = found.lease.left().unwrap_or_else(|| found.record.lease());
                    return Ok(Next::InFlight(left));
                }
                decision => return Ok(Next::Answer(decision, found.record)),
            }
        }
    }
}
