//! Run an async function's effect once per key.

mod codec;
mod error;
mod key;
mod plan;
mod returns;
mod site;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use codec::{Codec, Json};
pub use error::{Delivery, Error, Source};
pub use key::{IdempotencyKey, InvalidIdempotencyKey, Key, KeyPart, Part};
pub use plan::{OnErr, OnOutage, Plan, Strategy};
pub use returns::{Replay, ReplayFailure, Return, Returns};
