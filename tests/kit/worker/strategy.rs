use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use idem::{OnErr, Plan};

use super::{LEASE, LIMIT};

/// By which strategy a call is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// `setnx`.
    Setnx,
    /// `count`, whose `Err` gives the attempt back here.
    Count,
    /// `token`, recorded in Redis.
    Token,
    /// `db`.
    Db,
    /// `token`, recorded in a database.
    TokenInDb,
    /// `db` with `tx`.
    Tx,
    /// `state`.
    State,
}

impl Strategy {
    /// Those that have a key-value store.
    pub const OF_KV: [Self; 3] = [Self::Setnx, Self::Count, Self::Token];
    /// Those that have a database.
    pub const OF_DATABASES: [Self; 4] = [Self::Db, Self::TokenInDb, Self::Tx, Self::State];

    /// Whether it is in its caller's transaction.
    #[must_use]
    pub fn is_in_transaction(self) -> bool {
        matches!(self, Self::Tx | Self::State)
    }

    pub(super) fn takes_tokens(self) -> bool {
        matches!(self, Self::Token | Self::TokenInDb)
    }

    pub(super) fn plan(self, wait: Duration) -> Plan {
        let plan = match self {
            Self::Setnx => Plan::setnx().lease(LEASE),
            Self::Count => Plan::count().limit(LIMIT).on_err(OnErr::Release).lease(LEASE),
            Self::Token => Plan::token().lease(LEASE),
            Self::Db => Plan::db().lease(LEASE),
            Self::TokenInDb => Plan::token_in_db().lease(LEASE),
            Self::Tx => Plan::db(),
            Self::State => Plan::state(),
        };
        if wait.is_zero() { plan } else { plan.wait(wait) }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Setnx => "setnx",
            Self::Count => "count",
            Self::Token => "token",
            Self::Db => "db",
            Self::TokenInDb => "token_in_db",
            Self::Tx => "tx",
            Self::State => "state",
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Strategy {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        let mut all = Self::OF_KV.into_iter().chain(Self::OF_DATABASES);
        all.find(|strategy| strategy.word() == word).ok_or(())
    }
}
