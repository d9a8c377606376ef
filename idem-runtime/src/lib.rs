//! An async function that runs its effect once per key, however often it is called.
//!
//! A double click, a proxy's retry, a redelivered message, a restarted job: each calls the same
//! handler again. [`#[idempotent]`](macro@idempotent) claims the key in a store that all processes
//! share, runs the body, stores its result, and hands every duplicate that result.
//!
//! ```
//! use idem::{Idem, idempotent};
//!
//! #[idempotent(key = "ship:{order}", strategy = "setnx", ttl = "7d", wait = "2s")]
//! async fn ship(order: u32) -> Result<String, idem::Error> {
//!     Ok(format!("label of {order}")) // runs once per order
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let idem = Idem::in_memory(); // `Idem::builder().redis(url).build().await?` in a service
//! assert_eq!(idem.scope(ship(7)).await?, idem.scope(ship(7)).await?);
//! # Ok::<(), idem::Error>(()) }).unwrap();
//! ```
//!
//! # Where to go on
//!
//! | for | see |
//! |---|---|
//! | the attribute, its options and its keys | [`macro@idempotent`], [`key!`], [`KeyPart`](macro@KeyPart), [`IdempotencyKey`] |
//! | the engine: stores, install, scope, shutdown | [`Idem`], [`Builder`] |
//! | the same without the attribute | [`Idem::call`], [`Plan`], [`Returns`] |
//! | in the caller's transaction | `Idem::call_tx` (features `postgres`, `mysql` and `sqlite`), [`OpenTransaction`] |
//! | transitions of a row | [`macro@StateMachine`], [`Transition`], [`EntityId`] |
//! | inside a body | [`attempt()`], [`Attempt`] |
//! | one use of what the server has issued | [`Idem::issue_token`], [`Token`], [`TokenKey`], [`InvalidToken`] |
//! | how a call was answered | [`with_outcome`], [`Outcome`], [`Error`], [`Delivery`] |
//! | HTTP handlers, gRPC services | `idem::http` (features `axum` and `tonic`), `Idem::layer` |
//! | whether a handler is safe | `idem::testing::explore` (feature `testing`) |
//! | a store of one's own | [`store`], [`Store`], `idem::conformance!` (feature `testing`) |
//!
//! # What it needs, and what it promises
//!
//! A tokio runtime with its timer. What each strategy promises, and what it can't, is in the
//! project's README; in short, for `setnx` and `db`: one live lease at a time and one stored result. A process
//! that dies between its effect and the stored result makes the next call run the body again, so
//! give other systems [`Attempt::downstream_key`].
//!
//! # Features
//!
//! | feature | |
//! |---|---|
//! | `redis` (default) | a store in Redis or Valkey |
//! | `redis-rustls` | the same over TLS |
//! | `axum` | for axum 0.8: the key from a header, responses stored, errors as problem documents, a tower layer |
//! | `tonic` | for tonic 0.14: the key from a call's metadata, errors as statuses, the same layer |
//! | `postgres`, `mysql`, `sqlite` | durable claims in the caller's own database, by pools of sqlx 0.9 |
//! | `uuid` | `Uuid` of uuid 1 as a part of a key and as the id of an entity |
//! | `testing` | `idem::testing::explore` for handlers, `idem::conformance!` for stores of one's own |
//!
//! Features add, and any set of them builds. Those versions are a part of the interface, and so are
//! serde 1 and tokio 1: a move to another is a breaking change.
//!
//! # What is seen of it
//!
//! Each call has a span of `tracing` 0.1, `idem.call`: its operation, a hash of its key, its outcome,
//! attempt, fence, and the age of a replay. Through the facade `metrics` 0.24 come
//! `idem_calls_total{operation,outcome}`, `idem_call_seconds`, `idem_store_seconds{op}`,
//! `idem_in_flight` and `idem_lease_lost_total`. No raw key, no payload.

// Where the documentation of all features is built, each item says which it is of.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(docsrs, doc(auto_cfg(hide(feature = "_sql"))))]

// Generated code names this crate by its name, here too.
extern crate self as idem;

// The path of a call. `call` is the whole of it: `entry` leads there; `admission` looks at key, plan
// and token; `asker` and `asking` claim, by what `decide` says of a record that stands there; `wait`
// follows another's call. A claim is a `candidate` before its body starts, and `held` while it runs;
// `settlement` is the record that ends it, and `answer` what the caller gets.
mod admission;
mod answer;
mod asker;
mod asking;
mod call;
mod candidate;
mod decide;
mod entry;
mod held;
mod settlement;
mod wait;

// The same path in the caller's own transaction.
mod transaction;

// What a call brings with it.
mod codec;
mod key;
pub mod machine;
mod plan;
pub mod returns;
mod site;
mod token;

// What calls share: the engine, its stores and their records, and the flights of this process.
mod engine;
mod flight;
mod flights;
mod record;
pub mod store;

// What bodies, callers and people are told.
mod attempt;
mod error;
mod observe;
mod outcome;

// By the features that are asked for, which the compiler names where neither is on.
#[cfg(any(feature = "axum", feature = "tonic"))]
pub mod http;

// For tests: of handlers, and of stores.
#[cfg(feature = "testing")]
pub mod conformance;
#[cfg(feature = "testing")]
pub mod testing;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
#[cfg(feature = "testing")]
#[doc(hidden)]
#[path = "protocol.rs"]
pub mod __protocol;

pub use attempt::{Attempt, attempt, try_attempt};
pub use codec::{Codec, Json};
pub use engine::{Builder, Entry, Idem};
pub use error::{Delivery, Error, Source};
pub use idem_macros::{KeyPart, StateMachine, idempotent, key};
pub use key::{Comparable, IdempotencyKey, InvalidIdempotencyKey, Key, KeyPart, Part, origin};
pub use machine::{EntityId, StateMachine, Transition};
pub use outcome::{Outcome, with_outcome};
pub use plan::{OnErr, OnOutage, Plan};
pub use returns::{Replay, ReplayFailure, Return, Returns};
pub use store::Store;
pub use token::{InvalidToken, IsToken, Token, TokenKey};
pub use transaction::OpenTransaction;
