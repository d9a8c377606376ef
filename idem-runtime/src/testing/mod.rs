//! Whether a handler is safe to deliver twice, found out in a unit test.
//!
//! [`explore`] runs a test once for each place where something can go wrong: the process is killed
//! before and after each step of the store and at each await of the handler; the answer of a step
//! is lost; a duplicate comes at that moment, or later; the process is paused for longer than its
//! lease, another takes over, and then the paused one goes on. Each time it delivers again until
//! the call is answered, as a broker or a proxy would. No server, no waiting: the clock is paused.
//!
//! This one is not safe, and the test says so:
//!
//! ```should_panic
//! use std::sync::atomic::{AtomicU32, Ordering};
//! use idem::idempotent;
//!
//! #[derive(Default)]
//! struct House(AtomicU32);
//!
//! #[idempotent(key = "ship:{order}", strategy = "setnx")]
//! async fn ship(order: u32, house: &House) -> Result<u32, idem::Error> {
//!     Ok(house.0.fetch_add(1, Ordering::Relaxed)) // a parcel leaves
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! idem::testing::explore(|world| async move {
//!     let house = House::default();
//!     world.deliver(|| ship(7, &house)).await.unwrap();
//!     // Killed after the parcel has left and before that was stored, the next process sends another.
//!     assert_eq!(house.0.load(Ordering::Relaxed), 1, "{world}");
//! })
//! .await;
//! # });
//! ```
//!
//! # What it takes
//!
//! The closure makes everything anew, takes the same course each time (no randomness, no real time,
//! no threads), and calls functions that take the task's engine: those without `engine = …`. Each
//! scenario runs on a thread and a paused runtime of its own, while the calling one waits.
//!
//! `db` with `tx` and `state` join transactions of the world's database, `world.sqlite()` (feature
//! `sqlite`). `db` without `tx` needs none: its claims are kept in memory here.
//!
//! # What it can't show
//!
//! One thing goes wrong a scenario, not two. Tasks that a handler spawns outlive the kill of their
//! process. And it believes the fakes: one that takes a `downstream_key` and runs twice all the same
//! is a mistake in the fake.

mod advice;
mod answer;
mod course;
#[cfg(feature = "sqlite")]
mod database;
mod explore;
mod hold;
mod process;
mod scenario;
mod world;

pub use explore::{Explore, explore};
pub use world::World;
