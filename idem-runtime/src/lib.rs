//! Run an async function's effect once per key.

// Generated code names this crate by its name, here too.
extern crate self as idem;

mod attempt;
mod call;
mod codec;
#[cfg(feature = "testing")]
pub mod conformance;
mod decide;
mod engine;
mod entry;
mod error;
mod flight;
mod held;
mod key;
mod observe;
mod outcome;
mod plan;
mod record;
pub mod returns;
mod site;
pub mod store;
mod wait;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use attempt::{Attempt, attempt, try_attempt};
pub use codec::{Codec, Json};
pub use engine::{Builder, Entry, Idem};
pub use error::{Delivery, Error, Source};
pub use idem_macros::{KeyPart, idempotent, key};
pub use key::{Comparable, IdempotencyKey, InvalidIdempotencyKey, Key, KeyPart, Part, origin};
pub use outcome::{Outcome, with_outcome};
pub use plan::{OnErr, OnOutage, Plan, Strategy};
pub use returns::{Replay, ReplayFailure, Return, Returns};
pub use store::Store;
