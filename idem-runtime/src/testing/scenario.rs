//! What can go wrong, and where: the scenarios of one exploration.

use std::fmt;

/// A step of the store, in the words of the record protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Claim,
    TakeOver,
    Renew,
    Complete,
    Release,
    Get,
    Purge,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Claim => "claim",
            Self::TakeOver => "takeover",
            Self::Renew => "renew",
            Self::Complete => "complete",
            Self::Release => "release",
            Self::Get => "get",
            Self::Purge => "purge",
        })
    }
}

/// A moment in a delivery at which something can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// The store has not been asked yet.
    Before(Step),
    /// The store has done it, and its answer has not been read.
    After(Step),
    /// The handler waits for something.
    Await,
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Await => "at an await of the handler",
            Self::Before(Step::Claim) => "before it claims",
            Self::Before(Step::TakeOver) => "before it takes over",
            Self::Before(Step::Renew) => "before it renews its lease",
            Self::Before(Step::Complete) => "after the body, before its result is stored",
            Self::Before(Step::Release) => "after the body, before it gives the key back",
            Self::Before(Step::Get) => "before it reads the record",
            Self::Before(Step::Purge) => "before it purges the record",
            Self::After(Step::Claim) => "after its claim has reached the store",
            Self::After(Step::TakeOver) => "after its takeover has reached the store",
            Self::After(Step::Renew) => "after its renewal has reached the store",
            Self::After(Step::Complete) => "after its result has reached the store",
            Self::After(Step::Release) => "after it has given the key back",
            Self::After(Step::Get) => "after it has read the record",
            Self::After(Step::Purge) => "after it has purged the record",
        })
    }
}

/// What goes wrong.
///
/// In this order: what is simpler to understand is shown first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// The process is killed.
    Kill,
    /// The caller leaves: the call's future is dropped, and the process lives.
    Leave,
    /// The store can't be reached for this one step.
    Unreached,
    /// The store's answer to this one step is lost.
    Lost,
    /// A duplicate comes to another process at this moment.
    Duplicate,
    /// A duplicate comes to this very process at this moment.
    DuplicateHere,
    /// The process is paused for longer than the lease; a duplicate comes to another process, and
    /// then the paused one goes on.
    Pause,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kill => "the process is killed",
            Self::Leave => "the caller leaves",
            Self::Unreached => "the store can't be reached",
            Self::Lost => "the store's answer is lost",
            Self::Duplicate => "a duplicate comes to another process",
            Self::DuplicateHere => "a duplicate comes to the same process",
            Self::Pause => "the process is paused for longer than its lease",
        })
    }
}

/// A moment of one delivery, as it was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Point {
    /// Which delivery of the scenario it is in, from 0.
    pub(super) delivery: usize,
    /// Which moment of that delivery it is, from 0.
    pub(super) number: usize,
    pub(super) moment: Moment,
    /// Whether the delivery holds a claim.
    pub(super) holds: bool,
}

/// One thing that goes wrong at one point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scenario {
    pub(super) point: Point,
    pub(super) fault: Fault,
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "delivery {}: {} {}", self.point.delivery + 1, self.fault, self.point.moment)
    }
}

impl Scenario {
    /// All that can go wrong at these points, one thing at a time.
    pub(super) fn all(points: &[Point]) -> Vec<Self> {
        let of = |point: &Point| {
            let point = *point;
            faults(point).iter().map(move |fault| Self { point, fault: *fault })
        };
        let mut all: Vec<_> = points.iter().flat_map(of).collect();
        all.sort_by_key(|scenario| scenario.fault);
        all
    }
}

fn faults(point: Point) -> &'static [Fault] {
    use Fault::{Duplicate, DuplicateHere, Kill, Leave, Lost, Pause, Unreached};
    match (point.moment, point.holds) {
        (Moment::Before(_), false) => &[Kill, Leave, Unreached, Duplicate, DuplicateHere],
        (Moment::Before(_), true) => &[Kill, Leave, Unreached, Duplicate, DuplicateHere, Pause],
        (Moment::After(_), false) => &[Kill, Leave, Lost, Duplicate, DuplicateHere],
        (Moment::After(_), true) => &[Kill, Leave, Lost, Duplicate, DuplicateHere, Pause],
        (Moment::Await, false) => &[Kill, Leave, Duplicate, DuplicateHere],
        (Moment::Await, true) => &[Kill, Leave, Duplicate, DuplicateHere, Pause],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_needs_a_lease_to_outlast() {
        for holds in [false, true] {
            for moment in [Moment::Before(Step::Claim), Moment::After(Step::Claim), Moment::Await] {
                let point = Point { delivery: 0, number: 0, moment, holds };
                let pauses = Scenario::all(&[point]).iter().any(|one| one.fault == Fault::Pause);
                assert_eq!(pauses, holds);
            }
        }
    }
}
