//! The place of an annotated function.

use std::sync::atomic::AtomicUsize;

use crate::plan::Plan;

/// One annotated function: its operation, where it stands, and its plan.
#[derive(Debug)]
pub struct Site {
    pub(crate) operation: &'static str,
    pub(crate) place: &'static str,
    pub(crate) plan: Plan,
    /// The engine that has this site in its register, as a fast path: 0 is none.
    pub(crate) registered: AtomicUsize,
}

impl Site {
    /// `place` is `file:line`, for the message that names two places.
    #[must_use]
    pub const fn new(operation: &'static str, place: &'static str, plan: Plan) -> Self {
        Self { operation, place, plan, registered: AtomicUsize::new(0) }
    }
}
