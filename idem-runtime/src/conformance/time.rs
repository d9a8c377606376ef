//! What can be said of a store's clock from outside, however slow the machine is.
//!
//! A step happened at some moment between its sending and its answer. So when a record is looked
//! at, its age by the store's clock lies between two bounds that are measured here, and an answer
//! that no age within them explains is wrong. No test depends on being quick.

use std::future::Future;
use std::time::{Duration, Instant};

use super::nodes::Slot;
use crate::store::{Lease, Store};

/// How coarse a store's clock may be.
pub(super) const COARSE: Duration = Duration::from_millis(25);
/// How long a test waits for what comes within a second.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(3);

/// When a step was sent, and when it was answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    sent: Instant,
    answered: Instant,
}

/// Takes a step, and notes when.
pub(super) async fn timed<T>(step: impl Future<Output = T>) -> (T, Span) {
    let sent = Instant::now();
    let value = step.await;
    (value, Span { sent, answered: Instant::now() })
}

/// How old a record was when it was looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Age {
    at_least: Duration,
    at_most: Duration,
}

impl Span {
    /// The age of what this step wrote, in that later step.
    pub(super) fn age_in(self, seen: Span) -> Age {
        Age {
            at_least: seen.sent.saturating_duration_since(self.answered),
            at_most: seen.answered.saturating_duration_since(self.sent),
        }
    }
}

impl Age {
    /// Whether the record may still be as young as `time`.
    pub(super) fn may_be_within(self, time: Duration) -> bool {
        self.at_least <= time.saturating_add(COARSE)
    }

    /// Whether the record may be older than `time` already.
    pub(super) fn may_be_over(self, time: Duration) -> bool {
        self.at_most + COARSE >= time
    }

    /// Checks what a store says of a lease of this length.
    pub(super) fn explains(self, said: Lease, lease: Duration) {
        let explained = match said {
            Lease::Unjudged => panic!("the store says nothing of the lease of a running record"),
            Lease::Lapsed => self.may_be_over(lease),
            Lease::Live(left) => {
                let longest = lease.saturating_sub(self.at_least) + COARSE;
                let shortest = lease.saturating_sub(self.at_most + COARSE);
                self.may_be_within(lease) && left <= longest && left >= shortest
            }
        };
        assert!(explained, "{said:?} for a lease of {lease:?} on a record with {self:?}");
    }
}

/// Watches a running record that `written` made, until its lease has lapsed.
pub(super) async fn watch_lease<S: Store>(slot: &Slot<S>, written: Span, lease: Duration) {
    let lapsed = async || {
        let (found, seen) = timed(slot.get()).await;
        let found = found.expect("a lapsed record stands for its retention");
        written.age_in(seen).explains(found.lease, lease);
        found.lease == Lease::Lapsed
    };
    wait("the lease to lapse", lapsed).await;
}

/// Watches a record that `written` made, until it is gone.
pub(super) async fn watch_retention<S: Store>(slot: &Slot<S>, written: Span, retention: Duration) {
    let gone = async || {
        let (found, seen) = timed(slot.get()).await;
        let age = written.age_in(seen);
        if found.is_some() {
            let stands = age.may_be_within(retention);
            assert!(stands, "still there, with {age:?} and a retention of {retention:?}");
        } else {
            let gone = age.may_be_over(retention);
            assert!(gone, "gone, with {age:?} and a retention of {retention:?}");
        }
        found.is_none()
    };
    wait("the record to be gone", gone).await;
}

/// Lets a time go by on every clock that is no coarser than it may be.
pub(super) async fn pass(time: Duration) {
    tokio::time::sleep(time + COARSE).await;
}

pub(super) async fn wait(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let asked = Instant::now();
    while !condition().await {
        assert!(asked.elapsed() < PATIENCE, "waited in vain for {what}");
        tokio::time::sleep(PAUSE).await;
    }
}
