use std::fs;
use std::time::Duration;

/// The processor time that a process has had, by Linux's scheduler; `self` is this one. On a
/// machine that does other work beside, it says more than the clock does.
///
/// # Panics
///
/// Where there is no `/proc`.
pub(crate) fn spent(process: &str) -> Duration {
    assert!(fs::exists("/proc/self").is_ok_and(|it| it), "Linux");
    spent_if_there(process)
}

fn spent_if_there(process: &str) -> Duration {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let nanoseconds = tasks.map(|task| {
        let file = task.path().join("schedstat");
        // A thread that has just ended is in no slice.
        let text = fs::read_to_string(file).unwrap_or_default();
        text.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
    });
    Duration::from_nanos(nanoseconds.sum())
}

/// The same for a process and those that it has started: Postgres has one for each connection.
pub(crate) fn spent_by_all(process: u32) -> Duration {
    let processes = fs::read_dir("/proc").expect("Linux").flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let family = ids.filter(|id| *id == process || parent(*id) == Some(process));
    family.map(|id| spent_if_there(&id.to_string())).sum()
}

fn parent(process: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}
