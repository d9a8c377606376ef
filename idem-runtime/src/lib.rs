//! Run an async function's effect once per key.

// Generated code names this crate by its name, here too.
extern crate self as idem;

mod codec;
mod error;
mod key;
mod plan;
pub mod returns;
mod site;
mod stub_call;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use codec::{Codec, Json};
pub use error::{Delivery, Error, Source};
pub use idem_macros::{KeyPart, idempotent, key};
pub use key::{Comparable, IdempotencyKey, InvalidIdempotencyKey, Key, KeyPart, Part, origin};
pub use plan::{OnErr, OnOutage, Plan, Strategy};
pub use returns::{Replay, ReplayFailure, Return, Returns};
pub use stub_call::Idem;
