//! The protocol as models: every order in which messages, clocks, crashes and callers can come, up to
//! a bound, and in each state the rules that must hold.
//!
//! The models decide nothing themselves. What a caller does about an answer, what a store does with
//! a claim or a change, how long an owner believes in its lease and how long the use of a token is
//! kept are the library's own functions ([`idem::__protocol`], [`Claim::step`], [`Change::step`]).
//! Here are only the things around them: messages that are late, lost or repeated, clocks that tick, processes
//! that pause (by doing nothing while it ticks) and crash.
//!
//! | model | of |
//! |---|---|
//! | [`claims`] | one record that callers claim, renew and settle by messages: `setnx`, `db`, `token`, `count` |
//! | [`joined`] | claim, effect and result in one transaction: `db` with `tx`, `state` |
//!
//! Each [mistake](claims::Mistake) is a rule of the protocol that is broken on purpose; the tests see to it that
//! the rule which it breaks is named.
//!
//! [`Claim::step`]: idem::store::Claim::step
//! [`Change::step`]: idem::store::Change::step

pub mod claims;
pub mod joined;
pub mod large;
pub mod records;
pub mod search;
