//! Which of an engine's stores a strategy keeps its records in.

use super::Idem;
use crate::error::Error;
use crate::plan::{Kept, Strategy};
use crate::store::Shelf;

/// Which of an engine's stores. Not a handle on one: calls on several processors would pay for counting
/// it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    /// Redis, memory, or a user's own.
    Kv,
    /// The caller's own database.
    Db,
}

impl Idem {
    /// Where a strategy keeps its records.
    pub(crate) fn place(&self, strategy: Strategy) -> Result<Place, Error> {
        match strategy {
            _ if self.0.disabled => {
                Err(Error::config("this engine is disabled: it has no records"))
            }
            Strategy::Setnx | Strategy::Token(Kept::Kv) if self.0.kv.is_some() => Ok(Place::Kv),
            Strategy::Setnx => Err(Error::config(NO_STORE)),
            Strategy::Count => match &self.0.kv {
                Some(kv) if kv.counts() => Ok(Place::Kv),
                Some(_) => Err(Error::config(COUNTS_NOT)),
                None => Err(Error::config(NO_COUNTER)),
            },
            Strategy::Token(Kept::Kv) => Err(Error::config(NO_STORE_FOR_TOKENS)),
            Strategy::Db | Strategy::State | Strategy::Token(Kept::Db) if self.0.db.is_some() => {
                Ok(Place::Db)
            }
            Strategy::Db | Strategy::State => Err(Error::config(NO_DATABASE)),
            Strategy::Token(Kept::Db) => Err(Error::config(NO_DATABASE_FOR_TOKENS)),
        }
    }

    /// The store at a place that [`place`](Self::place) has found.
    pub(crate) fn shelf_at(&self, place: Place) -> &Shelf {
        let kept = match place {
            Place::Kv => &self.0.kv,
            Place::Db => &self.0.db,
        };
        kept.as_ref().unwrap_or_else(|| unreachable!("a place is one that the engine has"))
    }

    /// The stores that a key of unknown strategy may be in.
    pub(crate) fn shelves(&self) -> impl Iterator<Item = &Shelf> {
        self.0.kv.iter().chain(&self.0.db)
    }
}

const NO_STORE: &str = "`setnx` needs a store: `.redis(url)` or `.memory()` on the builder";
const NO_COUNTER: &str = "`count` is kept in Redis, Valkey or memory, and not in a database: \
                          `.redis(url)` or `.memory()` on the builder, beside the database if there is one";
const COUNTS_NOT: &str = "this engine's store does not count attempts, as `count` asks: `.redis(url)` or `.memory()` on \
                          the builder, or a store of your own whose `Store::COUNTS` is true";
const NO_STORE_FOR_TOKENS: &str = "`token` records its uses in Redis or memory: `.redis(url)` or \
                                   `.memory()` on the builder, or `store = \"db\"` on the function";
pub(super) const NO_DATABASE: &str = "`db` needs a database: `.postgres(pool)`, `.mysql(pool)`, \
                           `.sqlite(pool)` or `.database(url)` on the builder";
const NO_DATABASE_FOR_TOKENS: &str = "`store = \"db\"` needs a database: `.postgres(pool)`, \
                                      `.mysql(pool)`, `.sqlite(pool)` or `.database(url)` on the builder";
