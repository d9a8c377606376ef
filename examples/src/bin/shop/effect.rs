//! An effect: money that has moved.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::order::{Payment, Receipt, number};

/// What guards the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Approach {
    Setnx,
    Count,
    Db,
    Token,
    State,
    Front,
}

/// With the attribute, or without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Side {
    With,
    Without,
}

impl Approach {
    const ALL: [Self; 6] =
        [Self::Setnx, Self::Count, Self::Db, Self::Token, Self::State, Self::Front];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Setnx => "setnx",
            Self::Count => "count",
            Self::Db => "db",
            Self::Token => "token",
            Self::State => "state",
            Self::Front => "front",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }
}

impl Side {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::With => "with",
            Self::Without => "without",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::With, Self::Without].into_iter().find(|known| known.name() == name)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Effect {
    /// Milliseconds since 1970.
    pub(crate) at: i64,
    pub(crate) approach: Approach,
    pub(crate) side: Side,
    pub(crate) receipt: String,
    pub(crate) order: String,
    pub(crate) cents: u32,
}

impl Effect {
    /// One that takes place now.
    pub(crate) fn new(approach: Approach, side: Side, payment: &Payment) -> Self {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            at: i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX),
            approach,
            side,
            receipt: number(),
            order: payment.order.clone(),
            cents: payment.cents,
        }
    }

    pub(crate) fn into_receipt(self) -> Receipt {
        Receipt { number: self.receipt, order: self.order, cents: self.cents }
    }
}
