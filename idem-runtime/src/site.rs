//! The place of an annotated function.

use std::sync::atomic::AtomicUsize;

use crate::observe::Meters;
use crate::plan::Plan;

/// One annotated function: its operation, where it stands, and its plan.
#[derive(Debug)]
pub struct Site {
    pub(crate) operation: &'static str,
    pub(crate) place: &'static str,
    plan: Plan,
    meters: Meters,
    /// The engine that has found this site in its register last, so that it need not look again; 0 for
    /// none.
    pub(crate) registered: AtomicUsize,
}

impl Site {
    /// `place` is `file:line`, for the message that names two places.
    #[must_use]
    pub const fn new(operation: &'static str, place: &'static str, plan: Plan) -> Self {
        let registered = AtomicUsize::new(0);
        Self { operation, place, plan, meters: Meters::new(), registered }
    }

    pub(crate) fn plan(&'static self) -> Plan {
        Plan { meters: Some(&self.meters), ..self.plan }
    }
}
