//! That it is a store, and that a kill does not tear it.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use idem::conformance::{Claimant, completed};
use idem::store::{Change, Claim, Claimed, Name, Record, Settled, State, Store};
use tempfile::TempDir;

use crate::files::Files;

// All that a store promises. Two handles, so that nothing is kept in one of them.
idem::conformance!(
    own_store,
    || async { FOLDER.with(|folder| [folder, folder].map(|folder| files(folder.path()))) },
    plant = async |store: &Files, name: &Name, bytes: &[u8]| {
        fs::write(store.path(name), bytes).unwrap();
    },
);

thread_local! {
    // A test is a thread, and the folder goes with it.
    static FOLDER: TempDir = tempfile::tempdir().unwrap();
}

fn files(folder: &Path) -> Files {
    Files::open(folder).unwrap()
}

/// Where the process that is to be killed works, and from which number on.
const FOLDER_OF_THE_KILLED: &str = "OWN_STORE_FOLDER";
const FIRST_OF_THE_KILLED: &str = "OWN_STORE_FIRST";
const RESULT: usize = 1 << 20;
const KILLS: u32 = 25;

fn name(number: usize) -> Name {
    Name::new(&format!("idem:kill:{number}"))
}

fn result(number: usize) -> Vec<u8> {
    vec![u8::try_from(number % 256).unwrap(); RESULT]
}

/// Killed at any moment, it leaves the old record or the new one, what it has acknowledged stands,
/// and nobody waits for its lock.
#[tokio::test]
async fn a_kill_tears_no_record() {
    let folder = tempfile::tempdir().unwrap();
    let (mut first, mut completions) = (0, 0);
    for kill in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "tests::the_process_that_is_killed", "--ignored", "--nocapture"])
            .env(FOLDER_OF_THE_KILLED, folder.path())
            .env(FIRST_OF_THE_KILLED, first.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut completed =
            lines.by_ref().filter_map(|line| line.strip_prefix("completed ")?.parse().ok());
        let acknowledged: usize = completed.next().expect("it completes something before it dies");
        // Each kill at another moment of what comes next.
        std::thread::sleep(Duration::from_micros(397) * kill);
        child.kill().unwrap();
        let acknowledged = completed.last().unwrap_or(acknowledged);
        child.wait().unwrap();

        let store = files(folder.path());
        for number in first..=acknowledged + 1 {
            let found = store.get(&name(number)).await.unwrap();
            let record = found.map(|found| found.record);
            let state = record.as_ref().map(|record| record.state().expect("a whole record"));
            if number <= acknowledged {
                assert_eq!(state, Some(State::Completed), "what was acknowledged stands");
            }
            let Some(record) = record else { continue };
            if state == Some(State::Completed) {
                assert!(record.as_bytes().ends_with(&result(number)), "the result is whole");
                completions += 1;
            }
            let purged = store.settle(&name(number), &record, Change::Purge).await.unwrap();
            assert_eq!(purged, Settled::Done);
        }
        first = acknowledged + 2;
    }
    assert!(completions >= KILLS, "{completions}");
}

#[tokio::test]
#[ignore = "it is started, and killed, by the test above"]
async fn the_process_that_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER_OF_THE_KILLED) else { return };
    let first = std::env::var(FIRST_OF_THE_KILLED).unwrap().parse().unwrap();
    let store = files(Path::new(&folder));
    for number in first.. {
        let running: Record = Claimant::new().claims();
        let name = name(number);
        let claimed = store.claim(Claim::new(&name, &running, None)).await.unwrap();
        assert_eq!(claimed, Claimed::Won { fence: 1 });
        let done = completed(&running, &result(number));
        let settled = store.settle(&name, &running, Change::Complete(&done)).await.unwrap();
        assert_eq!(settled, Settled::Done);
        // Fails, and ends this process, when the test is gone.
        writeln!(std::io::stdout(), "\ncompleted {number}").unwrap();
    }
}
