//! Tables by name that hash no name: each carries its hash.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Name;

/// A map by name.
pub(crate) type ByName<T> = HashMap<Name, T, BuildHasherDefault<Carried>>;

/// Hands on the hash that a name carries.
#[derive(Debug, Default)]
pub(crate) struct Carried(u64);

impl Hasher for Carried {
    fn write(&mut self, _: &[u8]) {
        unreachable!("a name writes its hash, and nothing else is hashed here")
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Parts of a table with a lock each, so that calls of different names seldom meet.
#[derive(Debug)]
pub(crate) struct Shards<T>(Box<[Mutex<T>]>);

const SHARDS: usize = 32;

impl<T: Default> Default for Shards<T> {
    fn default() -> Self {
        Self((0..SHARDS).map(|_| Mutex::default()).collect())
    }
}

impl<T> Shards<T> {
    /// The part that has the name, locked.
    pub(crate) fn of(&self, name: &Name) -> MutexGuard<'_, T> {
        // Of the upper half: maps take the lowest bits and the highest seven for themselves.
        let at = usize::try_from((name.hash >> 32) % SHARDS as u64).unwrap_or(0);
        self.0[at].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Each part in turn, locked.
    pub(crate) fn each(&self) -> impl Iterator<Item = MutexGuard<'_, T>> {
        self.0.iter().map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
