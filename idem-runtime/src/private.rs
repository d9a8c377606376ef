//! What the macros write. Not for people: no promise holds here.

pub use crate::key::origin::{Compared, Origin, Parts, Scoped};
pub use crate::key::{Comparable, KeyWriter, Print};
pub use crate::returns::{Failures, Guarded, GuardedByFrom, NotStored, Probe};
pub use crate::site::Site;
pub use crate::stub_call::{call, call_detached};
