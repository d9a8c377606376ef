//! The name of a record, and tables by name. A name carries its hash, so no table hashes one again.

use std::cell::Cell;
use std::cmp::Ordering;
use std::collections::HashMap;
#[cfg(feature = "_sql")]
use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher as _, BuildHasherDefault, Hash, Hasher, RandomState};
use std::ops::Deref;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use crate::key::Part;

/// The name that a record is kept under: prefix, operation and dynamic part, joined by `:`.
///
/// At most some 300 bytes of visible ASCII for ordinary prefixes and operations. Clones share the
/// text.
#[derive(Clone)]
pub struct Name {
    text: Arc<str>,
    /// Of the text: one call looks a name up in several tables, several times.
    hash: u64,
}

/// The same for all names of this process, and nobody's guess.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);

impl Name {
    /// The name of this text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self { text: text.into(), hash: HASHER.hash_one(text) }
    }

    /// What every name under a prefix starts with: the prefix, encoded like a value, and `:`.
    pub(crate) fn start(prefix: &str) -> String {
        let mut start = String::with_capacity(prefix.len() + 1);
        Part::new(&mut start).push_str(prefix);
        start.push(':');
        start
    }

    /// The name of both texts in a row: one allocation.
    pub(crate) fn joined(prefix: &str, text: &str) -> Self {
        let mut joined = JOINED.take();
        joined.clear();
        joined.push_str(prefix);
        joined.push_str(text);
        let name = Self::new(&joined);
        JOINED.set(joined);
        name
    }
}

thread_local! {
    static JOINED: Cell<String> = const { Cell::new(String::new()) };
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.text == other.text
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Name").field(&self.text).finish()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A map by name.
pub(crate) type ByName<T> = HashMap<Name, T, BuildHasherDefault<Carried>>;

/// A set of names.
#[cfg(feature = "_sql")]
pub(crate) type Names = HashSet<Name, BuildHasherDefault<Carried>>;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_its_text() {
        let (one, other) = (Name::new("pay:1"), Name::new("pay:2"));
        assert_eq!(one, Name::new("pay:1"));
        assert_ne!(one, other);
        assert!(one < other && one.partial_cmp(&other) == Some(Ordering::Less));
        assert_eq!((&*one, one.to_string()), ("pay:1", "pay:1".to_owned()));
        assert_eq!(format!("{one:?}"), "Name(\"pay:1\")");
        assert_eq!(Name::joined("shop:", "pay:1"), Name::new("shop:pay:1"));
        assert_eq!(Name::joined("", "pay:2"), other);
    }

    /// Their hashes may be the same, by a chance that no table may rely on.
    #[test]
    fn names_of_one_hash_are_told_apart() {
        let (one, mut other) = (Name::new("pay:1"), Name::new("pay:2"));
        other.hash = one.hash;
        assert_ne!(one, other);
    }

    #[test]
    fn a_prefix_is_encoded_like_a_value() {
        assert_eq!(Name::start("shop"), "shop:");
        assert_eq!(Name::start("a:b"), "a%3Ab:");
    }

    #[test]
    fn tables_by_name_spread_over_their_shards() {
        let shards = Shards::<ByName<u32>>::default();
        for number in 0..1000 {
            let name = Name::new(&number.to_string());
            shards.of(&name).insert(name.clone(), number);
        }
        for number in 0..1000 {
            let name = Name::new(&number.to_string());
            assert_eq!(shards.of(&name).get(&name), Some(&number));
        }
        let sizes: Vec<_> = shards.each().map(|shard| shard.len()).collect();
        assert_eq!(sizes.iter().sum::<usize>(), 1000);
        assert!(sizes.iter().all(|size| (1..100).contains(size)), "{sizes:?}");
    }
}
