//! What every store promises, as a suite of tests that each store passes: ours and yours.
//!
//! # A store of your own
//!
//! 1. Write a type that implements [`Store`]: three atomic steps. If it keeps bytes and the time
//!    at which they were written, [`Claim::step`] and [`Change::step`] decide, and the store only
//!    reads, asks them, and writes, with nobody in between. If it decides elsewhere (in a script
//!    or a statement that the server runs), it mirrors them.
//! 2. Switch the feature `testing` on for tests, and add one line:
//!
//!    ```
//!    # struct MyStore;
//!    # impl MyStore { async fn new() -> idem::store::Memory { idem::store::Memory::new() } }
//!    idem::conformance!(my_store, || async { MyStore::new().await });
//!    ```
//!
//!    ```toml
//!    [dev-dependencies]
//!    idem = { package = "idem-runtime", version = "0.1", features = ["testing"] }
//!    ```
//!
//! 3. Run `cargo test my_store`. Each promise is one test, and its name says what is promised. A
//!    test that fails says what the store did instead; its documentation here says why it matters.
//!
//! The tests need nothing but a store that answers: they take names of their own, so that they run
//! at once on one server, and leave behind nothing that lasts longer than two minutes. None of them
//! depends on being quick; what has to lapse is waited for.
//!
//! Each promise is a function here too, for a store author who wants to hold a store to one of them:
//! see [`check`]. It panics when the promise is not kept.
//!
//! # Counting
//!
//! Strategy `count` asks more of a store: a record that counts is kept for the time that the step
//! says, which is not its retention, so the store keeps that time beside it. A store that does so
//! says it by [`Store::COUNTS`], and keeps the promises in [`counting`] and [`windows`]. Say it in the line too, and each of
//! them is a test:
//!
//! ```
//! # use idem::store::Memory;
//! idem::conformance!(my_counter, || async { Memory::new() }, counts);
//! ```
//!
//! Without that word one test asks the store itself: one that says it counts is held to all of them
//! there, and any other to its no, by which `count` is refused on it.
//!
//! # Two nodes
//!
//! Idempotency is for several processes. A factory that makes two handles of one store, as two
//! processes would have, shows that a record is in the store and not in the handle. All steps then
//! go through both in turn:
//!
//! ```
//! # use std::sync::Arc;
//! # use idem::store::Memory;
//! # async fn connect() -> Memory { Memory::new() }
//! idem::conformance!(my_server, || async { [connect().await, connect().await] });
//! ```
//!
//! # Values that the library has not written
//!
//! They can't be written through [`Store`]. A store in which others can write is told how to plant
//! one, and is then held to two promises more:
//!
//! ```
//! # use idem::store::{Memory, Name};
//! # async fn write_behind_its_back(_: &Memory, _: &Name, _: &[u8]) {}
//! idem::conformance!(
//!     my_server,
//!     || async { Memory::new() },
//!     plant = async |store: &Memory, name: &Name, bytes: &[u8]| {
//!         write_behind_its_back(store, name, bytes).await;
//!     },
//! );
//! ```
//!
//! # What the suite can't show
//!
//! - **That a write lasts.** A store that forgets what it has acknowledged (no `fsync`, a failover to
//!   a replica that lags) loses claims, and a lost claim runs twice. Say how well yours keeps them.
//! - **That its clock is right.** A lease is as good as the clock that judges it. A store that can't
//!   judge time itself, and takes the time of whoever asks, loses the promise that only one clock
//!   decides: a node whose clock is ahead by more than a lease takes over from an owner that is
//!   alive, and two bodies run at once. Completion still compares, so one result is stored. Where the
//!   clock is the store's own and steps, the same happens at the step. Such a store says so in its
//!   documentation.
//! - **That a step answers in time.** The engine gives each step its time-out; a store that goes on
//!   trying after that must send what it sent before, byte for byte.
//!
//! A clock may be coarse by 25 ms, and a store may answer as slowly as it likes within a minute a
//! test.
//!
//! [`Claim::step`]: crate::store::Claim::step
//! [`Change::step`]: crate::store::Change::step
//! [`Store`]: crate::Store
//! [`Store::COUNTS`]: crate::Store::COUNTS

// That is what a promise which isn't kept does, and is said once.
#![allow(clippy::missing_panics_doc)]

mod claimant;
mod nodes;
mod promises;
mod time;

pub mod bytes;
pub mod claiming;
pub mod concurrency;
pub mod counting;
pub mod expiry;
pub mod foreign;
pub mod getting;
pub mod settled;
pub mod settling;
pub mod taking_over;
pub mod windows;

use std::time::Duration;

pub use claimant::{Claimant, completed, freed};
pub use nodes::{IntoNodes, Nodes};

use crate::store::Store;

/// How long a store may take to keep one promise.
const LONGEST: Duration = Duration::from_mins(1);

/// Whether the store that this makes says that it counts.
#[doc(hidden)]
#[must_use]
pub fn counts<N: IntoNodes>(_: impl AsyncFnOnce() -> N) -> bool {
    N::Store::COUNTS
}

/// Holds a store to one promise, on a runtime of its own: what each test of
/// [`conformance!`](crate::conformance!) does.
///
/// ```
/// use idem::conformance::{check, claiming};
/// use idem::store::Memory;
///
/// check(async || Memory::new(), claiming::an_absent_name_is_won);
/// ```
///
/// # Panics
///
/// When the store does not keep it, and then it says what the store did instead.
pub fn check<N: IntoNodes>(
    factory: impl AsyncFnOnce() -> N,
    promise: impl AsyncFnOnce(Nodes<N::Store>),
) {
    // Several threads: a race on one is none.
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let kept = async {
        let nodes = Nodes::new(factory().await);
        promise(nodes).await;
    };
    let kept = runtime
        .expect("threads for a test")
        .block_on(async { tokio::time::timeout(LONGEST, kept).await });
    kept.expect("the store answers within a minute");
}
