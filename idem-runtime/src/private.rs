//! What the macros write. Not for people: no promise holds here.

pub use crate::key::{Client, Compared, KeyPart, KeyWriter, Origin, Origins, Scoped, Server};
pub use crate::returns::{ByFrom, Failures, Replay, ReplayFailure, Return, Returns};
pub use crate::site::Site;
pub use crate::stub_call::{call, call_detached};
