//! Waiting for a call that is in flight: on its leader in this process, else on the store.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::decide::differs;
use crate::engine::Idem;
use crate::flight::{Driver, End, Flight, Followed};
use crate::key::Fingerprint;
use crate::record::{Record, State};
use crate::store::Name;

/// One call, as far as it waits.
pub(crate) struct Waiter<'a> {
    idem: &'a Idem,
    name: &'a Name,
    patience: Patience,
    /// Whether the store has been asked: what runs elsewhere is followed only then.
    asked: bool,
    /// What the others in this process follow while this call polls the store for them.
    polling: Option<Poller<'a>>,
}

/// What a call meets in its own process.
pub(crate) enum Met {
    /// Nobody who knows: ask the store.
    Nobody,
    /// The record of a call that it has waited for.
    Stored(Record),
    /// A call of other arguments.
    Other,
    /// A call in flight; so much is left of its lease.
    InFlight(Duration),
}

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// How long a call waits in all, and when it asks again.
pub(crate) struct Patience {
    /// Until when; `None` for a call that does not wait.
    deadline: Option<Instant>,
    pause: Duration,
    waited: bool,
}

impl Patience {
    pub(crate) fn new(wait: Option<Duration>) -> Self {
        let deadline = wait.map(|wait| Instant::now() + wait);
        Self { deadline, pause: FIRST_PAUSE, waited: false }
    }

    pub(crate) fn has_waited(&self) -> bool {
        self.waited
    }

    /// Until when to wait before asking again about a lease that is live for `left`; `None` for a
    /// call that does not wait, or no longer.
    pub(crate) fn pause(&mut self, left: Duration) -> Option<Instant> {
        let now = Instant::now();
        let deadline = self.deadline.filter(|deadline| now < *deadline)?;
        self.waited = true;
        let jittered = self.pause.mul_f64(rand::random_range(0.5..1.5));
        self.pause = (self.pause * 3 / 2).min(LONGEST_PAUSE);
        // A lease that lapses is taken over at once.
        Some(deadline.min(now + jittered.min(left.saturating_add(Duration::from_millis(1)))))
    }
}

impl<'a> Waiter<'a> {
    pub(crate) fn new(idem: &'a Idem, name: &'a Name, wait: Option<Duration>) -> Self {
        Self { idem, name, patience: Patience::new(wait), asked: false, polling: None }
    }

    pub(crate) fn has_waited(&self) -> bool {
        self.patience.has_waited()
    }

    /// Looks for the key in this process, and follows whoever runs or polls for it.
    pub(crate) async fn meet(&mut self, fingerprint: Option<Fingerprint>) -> Met {
        let asked = std::mem::replace(&mut self.asked, true);
        loop {
            let flight = self.idem.flights().get(self.name);
            let own = self.polling.as_ref().map(|poller| &poller.flight);
            if own.zip(flight.as_ref()).is_some_and(|(own, there)| Arc::ptr_eq(own, there)) {
                return Met::Nobody;
            }
            // An attempt of this process has taken its place, and may have landed since: a
            // poller that has ended would not pause any more.
            self.polling = None;
            let Some(flight) = flight else { return Met::Nobody };
            let left = flight.left();
            if left.is_none() && !(asked && flight.is_elsewhere()) {
                return Met::Nobody;
            }
            if differs(flight.fingerprint, fingerprint) {
                return Met::Other;
            }
            let deadline = match self.patience.deadline {
                Some(deadline) if !flight.is_driven_by(Driver::current()) => deadline,
                _ => return left.map_or(Met::Nobody, Met::InFlight),
            };
            self.patience.waited = true;
            match flight.follow(deadline).await {
                Followed::Ended(End::Stored(record)) => return Met::Stored(record),
                Followed::OutOfTime(left) => return Met::InFlight(left),
                // Whoever polled has left, or is driven no more: one of those who followed polls
                // on, and the others follow that one, so that the store is not asked by all of
                // them at once.
                followed @ (Followed::Ended(End::AskStore) | Followed::Abandoned)
                    if flight.is_elsewhere() =>
                {
                    if matches!(followed, Followed::Abandoned) {
                        self.idem.flights().land(&flight, End::AskStore);
                    }
                    self.polling = Poller::instead_of(self.idem, &flight);
                    if self.polling.is_some() {
                        return Met::Nobody;
                    }
                }
                Followed::Ended(End::AskStore) | Followed::AskStore | Followed::Abandoned => {
                    return Met::Nobody;
                }
            }
        }
    }

    /// Waits before the store is asked again about `running`, whose lease is live for `left`.
    /// Returns false when the call does not wait, or no longer.
    pub(crate) async fn pause(&mut self, running: &Record, left: Duration) -> bool {
        let Some(until) = self.patience.pause(left) else { return false };
        match &self.polling {
            Some(poller) => poller.flight.polled(left),
            None => self.polling = Poller::begin(self.idem, self.name, running, left),
        }
        match &self.polling {
            // Ends early when an attempt of this process has won the key.
            Some(poller) => drop(poller.flight.follow(until).await),
            None if self.can_follow() => {}
            None => tokio::time::sleep_until(until).await,
        }
        true
    }

    /// Whether another has begun to run or poll for the key meanwhile, whom [`meet`](Self::meet) follows.
    fn can_follow(&self) -> bool {
        let flight = self.idem.flights().get(self.name);
        flight.is_some_and(|flight| flight.is_elsewhere() || flight.left().is_some())
    }

    /// What the store has answered in the end: those who follow this call's poll get it too, unless
    /// it is a record that some other call may claim, which is no answer to them.
    pub(crate) fn found(&mut self, record: &Record) {
        let settled = !matches!(record.state(), Some(State::Running | State::Free));
        if let Some(poller) = self.polling.take().filter(|_| settled) {
            self.idem.flights().land(&poller.flight, End::Stored(record.clone()));
        }
    }
}

/// One call that polls the store, which others in this process follow.
struct Poller<'a> {
    idem: &'a Idem,
    flight: Arc<Flight>,
}

impl<'a> Poller<'a> {
    /// One for whoever holds this record; `None` where somebody runs or polls for the key already.
    fn begin(idem: &'a Idem, name: &Name, running: &Record, left: Duration) -> Option<Self> {
        let fingerprint = running.header().ok().and_then(|header| header.fingerprint);
        let flight = Flight::elsewhere(idem.id(), name.clone(), fingerprint, left);
        idem.flights().poll(&flight).then_some(Self { idem, flight })
    }

    /// The same in the place of a poller that has ended.
    fn instead_of(idem: &'a Idem, ended: &Flight) -> Option<Self> {
        let left = ended.lease_left();
        let flight = Flight::elsewhere(idem.id(), ended.name.clone(), ended.fingerprint, left);
        idem.flights().poll(&flight).then_some(Self { idem, flight })
    }
}

impl Drop for Poller<'_> {
    fn drop(&mut self) {
        self.idem.flights().land(&self.flight, End::AskStore);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a store may say of what is owned for as long as it stands.
    #[tokio::test]
    async fn a_lease_without_an_end_is_waited_for_as_any_other() {
        let mut patience = Patience::new(Some(Duration::from_mins(1)));
        for _ in 0..3 {
            let until = patience.pause(Duration::MAX).expect("it waits");
            assert!(until <= Instant::now() + 2 * LONGEST_PAUSE);
        }
    }
}
