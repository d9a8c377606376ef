use std::{
    panic::Location,
    time::{Duration, Instant},
};

/// How often a condition is looked at.
const PAUSE: Duration = Duration::from_millis(2);

/// Waits until `condition` holds, and panics when it doesn't by `deadline`.
///
/// For what has no event to wait for. The deadline is real time; the pauses in between are
/// tokio's, so in a runtime whose time is paused each of them moves that time on by 2 ms.
///
/// ```
/// # use std::time::Duration;
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let task = tokio::spawn(async {});
/// kit::wait_for("the task to end", Duration::from_secs(5), async || task.is_finished()).await;
/// # }
/// ```
///
/// # Panics
///
/// With the caller's place and `what`, at the deadline.
#[track_caller]
pub fn wait_for(
    what: &str,
    deadline: Duration,
    mut condition: impl AsyncFnMut() -> bool,
) -> impl Future<Output = ()> {
    let (asked_at, caller) = (Instant::now(), Location::caller());
    async move {
        while !condition().await {
            assert!(
                asked_at.elapsed() < deadline,
                "{caller}: waited {deadline:?} in vain for {what}"
            );
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// [`wait_for`] on a thread: whether `condition` came to hold by `deadline`.
pub(crate) fn holds_by(deadline: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let asked_at = Instant::now();
    while !condition() {
        if asked_at.elapsed() >= deadline {
            return false;
        }
        std::thread::sleep(PAUSE);
    }
    true
}
