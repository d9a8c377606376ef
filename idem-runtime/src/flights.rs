//! All attempts that an engine has in flight in this process: where others find whom to follow, and
//! `shutdown` whom to tell.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::engine::Idem;
use crate::flight::{End, Flight};
use crate::observe;
use crate::store::{ByName, Name, Shards};

/// All flights of one engine by name.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    shards: Shards<ByName<Arc<Flight>>>,
    /// Those that nobody follows, by their address: several of one name fly at once.
    alone: Mutex<HashMap<usize, Arc<Flight>>>,
    /// Set before shutdown looks into the tables, and read after something is put into one: their
    /// locks see to it that no attempt is missed by both.
    ending: AtomicBool,
}

impl Flights {
    pub(crate) fn get(&self, name: &Name) -> Option<Arc<Flight>> {
        self.shards.of(name).get(name).cloned()
    }

    /// Puts an attempt of this process in the place of whatever flew there.
    pub(crate) fn depart(&self, flight: &Arc<Flight>) {
        let before = self.shards.of(&flight.name).insert(flight.name.clone(), Arc::clone(flight));
        self.tell_if_ending(flight);
        // Whoever followed the poller that has just won follows the winner.
        if let Some(before) = before.filter(|before| before.is_elsewhere()) {
            before.end(End::AskStore);
        }
    }

    /// Puts a poller where nothing flies.
    pub(crate) fn poll(&self, flight: &Arc<Flight>) -> bool {
        let mut shard = self.shards.of(&flight.name);
        let free = !shard.contains_key(&flight.name);
        if free {
            shard.insert(flight.name.clone(), Arc::clone(flight));
        }
        free
    }

    /// Takes a flight out, and tells its followers how it ended.
    pub(crate) fn land(&self, flight: &Arc<Flight>, end: End) {
        {
            let mut shard = self.shards.of(&flight.name);
            if shard.get(&flight.name).is_some_and(|there| Arc::ptr_eq(there, flight)) {
                shard.remove(&flight.name);
            }
        }
        flight.end(end);
    }

    fn alone(&self) -> MutexGuard<'_, HashMap<usize, Arc<Flight>>> {
        self.alone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells every attempt of this process that shutdown has begun, also those that start later.
    pub(crate) fn cancel_all(&self) {
        self.ending.store(true, Ordering::Relaxed);
        self.alone().values().for_each(|flight| flight.cancel());
        for shard in self.shards.each() {
            shard
                .values()
                .filter(|flight| !flight.is_elsewhere())
                .for_each(|flight| flight.cancel());
        }
    }

    fn tell_if_ending(&self, flight: &Flight) {
        if self.ending.load(Ordering::Relaxed) {
            flight.cancel();
        }
    }
}

/// An attempt that nobody follows, in flight for as long as this lives. It is told of a `shutdown`,
/// which waits for it, and when this is dropped before its [end](Self::end).
#[must_use]
pub(crate) struct Alone {
    idem: Idem,
    flight: Arc<Flight>,
    ended: bool,
    _gauge: observe::InFlight,
}

impl Alone {
    pub(crate) fn depart(idem: &Idem, flight: Arc<Flight>) -> Self {
        idem.flights().alone().insert(Arc::as_ptr(&flight).addr(), Arc::clone(&flight));
        idem.flights().tell_if_ending(&flight);
        idem.begin();
        Self { idem: idem.clone(), flight, ended: false, _gauge: observe::InFlight::begin() }
    }

    #[cfg(feature = "_sql")]
    pub(crate) fn idem(&self) -> &Idem {
        &self.idem
    }

    pub(crate) fn flight(&self) -> &Arc<Flight> {
        &self.flight
    }

    /// The body has ended, and its caller has not left.
    pub(crate) fn end(mut self) {
        self.ended = true;
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        self.idem.flights().alone().remove(&Arc::as_ptr(&self.flight).addr());
        if !self.ended {
            self.flight.cancel();
        }
        self.idem.end();
    }
}
