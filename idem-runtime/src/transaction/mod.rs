//! The path of a call that joins its caller's open transaction:
//! key → claim → decide → run → settle, all of it in one transaction inside of the caller's.
//!
//! Nothing is known to last before the caller commits, so nothing is shared in the process: neither
//! a flight that others follow, nor a lease to renew. A second call asks the database, which answers
//! at once.

#[cfg(feature = "_sql")]
mod ask;
#[cfg(feature = "_sql")]
mod held;
#[cfg(feature = "_sql")]
mod joined;
mod joins;
#[cfg(feature = "_sql")]
mod nested;
mod open;

#[cfg(feature = "_sql")]
pub(crate) use joined::{Joined, join};
pub use joins::Joins;
pub use open::OpenTransaction;
