use std::fs;
use std::time::Duration;

/// The processor time that a process has had, by Linux's scheduler; `self` is this one. On a
/// machine that does other work beside, it says more than the clock does.
///
/// # Panics
///
/// Where there is no `/proc`.
pub(crate) fn spent(process: &str) -> Duration {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).expect("Linux, and a process");
    let nanoseconds = tasks.map(|task| {
        let file = task.expect("a task").path().join("schedstat");
        // A thread that has just ended is in no slice.
        let text = fs::read_to_string(file).unwrap_or_default();
        text.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
    });
    Duration::from_nanos(nanoseconds.sum())
}
