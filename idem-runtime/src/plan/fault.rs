//! What a plan can get wrong: the macro refuses it at compile time, and in a plan that was written by
//! hand it is found at each call.

use std::time::Duration;

use super::{OnDuplicate, OnErr, OnOutage, Plan, Strategy};
use crate::key::Key;

/// What a store can be asked to keep: a hundred years, well inside every store's arithmetic.
const LONGEST: Duration = Duration::from_hours(100 * 366 * 24);
/// More attempts than this are no limit.
const HIGHEST_LIMIT: u32 = 1_000_000;

impl Plan {
    /// What is wrong with the plan by itself.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        let lease = self.lease_or_default();
        let millisecond = Duration::from_millis(1);
        let times = [Some(self.ttl), Some(lease), self.max_runtime, self.wait];
        if times.iter().flatten().any(|time| *time < millisecond) {
            Some("a plan's times are at least a millisecond each")
        } else if times.iter().flatten().any(|time| *time > LONGEST) {
            Some("a plan's times are at most a hundred years each")
        } else if lease > self.ttl / 2 {
            Some("a plan's lease is at most half of its ttl")
        } else if self.on_duplicate == OnDuplicate::Reject && self.on_err == OnErr::Store {
            Some(
                "a plan that rejects duplicates stores no result, so `OnErr::Store` has no place in it",
            )
        } else if self.strategy != Strategy::Setnx && self.on_outage == OnOutage::Run {
            Some("only a plan of `setnx` may run without a claim: `on_outage` is for `setnx`")
        } else if self.limit.is_some() && self.strategy != Strategy::Count {
            Some("a plan's limit is for `count`: write `Plan::count().limit(…)`")
        } else if self.limit.is_some_and(|limit| !(1..=HIGHEST_LIMIT).contains(&limit)) {
            Some("a plan's limit is 1 to 1000000 attempts")
        } else {
            None
        }
    }

    /// What is wrong with it for a call outside of a transaction.
    pub(crate) fn fault_alone(&self) -> Option<&'static str> {
        let is_state = self.strategy == Strategy::State;
        is_state.then_some("a transition is made in its caller's transaction: by `Idem::call_tx`")
    }

    /// What is wrong with it for a call of this key: a key brings what its plan looks at, and nothing
    /// that it would pass over.
    pub(crate) fn fault_of(&self, key: &Key) -> Option<&'static str> {
        let moves = self.strategy == Strategy::State;
        let spends = matches!(self.strategy, Strategy::Token(_));
        if moves && key.its_transition().is_none() {
            Some(
                "a call by `Plan::state()` makes a transition: give its key one by \
                 `Key::transition`",
            )
        } else if !moves && key.its_transition().is_some() {
            Some("a key with a transition is for `Plan::state()`")
        } else if spends && key.its_token().is_none() {
            Some("a plan of `token` needs the call's token: write `key.token(&token)`")
        } else if !spends && key.its_token().is_some() {
            // Unverified, a forged token would pass.
            Some(
                "only a plan of `token` looks at a key's token: write `Plan::token()`, or give the \
                 key none",
            )
        } else {
            None
        }
    }

    /// What is wrong with it for a call in its caller's transaction, where nothing is leased.
    #[cfg(feature = "_sql")]
    pub(crate) fn fault_in_transaction(&self) -> Option<&'static str> {
        if !matches!(self.strategy, Strategy::Db | Strategy::State) {
            Some("a call joins a transaction by `Plan::db()` or `Plan::state()`")
        } else if self.lease.is_some() || self.max_runtime.is_some() {
            Some(
                "a claim in a transaction lasts as long as that does: `lease` and `max_runtime` have \
                 no place in its plan",
            )
        } else if self.on_err != OnErr::Release {
            Some(
                "an `Err` undoes what a call did in a transaction: `on_err` has no place in its plan",
            )
        } else {
            None
        }
    }
}
