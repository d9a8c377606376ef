//! What the macros write. Not for people: no promise holds here.

pub use crate::key::{KeyPart, KeyWriter};
pub use crate::returns::{Replay, ReplayFailure, Return, Returns};
pub use crate::site::Site;
