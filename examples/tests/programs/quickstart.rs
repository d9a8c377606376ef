//! The quickstart as a person runs it.

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use kit::process::Process;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_quickstart");

/// Runs it for a user who has never run it.
fn quickstart(args: &[&str], input: &str) -> Output {
    let home = TempDir::new().unwrap();
    at_home(home.path(), args, input)
}

/// Runs it for a user whose programs keep their state in this folder.
fn at_home(home: &Path, args: &[&str], input: &str) -> Output {
    let mut child = Command::new(PROGRAM)
        .args(args)
        .env("XDG_STATE_HOME", home)
        .env("HOME", home)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// The cells of the table's row with this label.
fn row<'a>(out: &'a Output, label: &str) -> Vec<&'a str> {
    let lines = text(&out.stdout).lines();
    let row = lines.map(str::trim).find_map(|line| line.strip_prefix(label));
    row.unwrap_or_else(|| panic!("no row {label}"))
        .split("  ")
        .map(str::trim)
        .filter(|cell| !cell.is_empty())
        .collect()
}

#[test]
fn the_sample_moves_money_once_an_event_under_protection() {
    let out = quickstart(&[], "");
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    assert_eq!(row(&out, "deliveries"), ["425", "425"]);
    assert_eq!(row(&out, "effects (money moved)"), ["425", "202"]);
    assert_eq!(row(&out, "refused: known event, other content"), ["-", "6"]);
    assert_eq!(row(&out, "events with different receipts")[1], "0");
    assert_eq!(row(&out, "money wrongly moved")[1], "none");
    assert!(!text(&out.stdout).contains('\x1b'), "colours where there is no terminal");
}

#[test]
fn a_second_run_remembers_every_event() {
    let home = TempDir::new().unwrap();
    let first = at_home(home.path(), &[], "");
    assert_eq!(row(&first, "effects (money moved)"), ["425", "202"]);
    let second = at_home(home.path(), &[], "");
    assert_eq!(second.status.code(), Some(0), "{}", text(&second.stderr));
    assert_eq!(row(&second, "effects (money moved)"), ["425", "0"]);
    assert_eq!(row(&second, "duplicates answered with the stored receipt"), ["-", "419"]);
    assert_eq!(row(&second, "refused: known event, other content"), ["-", "6"]);
    assert_eq!(row(&second, "events that moved money twice, all runs"), ["202", "0"]);
    assert_eq!(row(&second, "events with different receipts, all runs")[1], "0");
    assert_eq!(row(&second, "money wrongly moved, all runs")[1], "none");
    let told = text(&second.stdout);
    assert!(told.contains("All 202 events were remembered from an earlier run"), "{told}");
    let folder = home.path().join("idem-quickstart");
    assert!(told.contains(&format!("kept in {}", folder.display())), "{told}");
    assert_eq!(moved(&folder), 202);

    let third = at_home(home.path(), &["--forget"], "");
    assert_eq!(row(&third, "effects (money moved)"), ["425", "202"]);
    assert_eq!(row(&third, "money wrongly moved")[1], "none");
}

/// What has reached the provider from a folder's protected half.
fn postings(folder: &Path) -> Vec<serde_json::Value> {
    let ledger = fs::read_to_string(folder.join("ledger-guarded.jsonl")).unwrap_or_default();
    ledger.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// How many events have moved money there, each of them once.
fn moved(folder: &Path) -> usize {
    let mut times = HashMap::new();
    for posting in postings(folder).iter().filter(|posting| posting["moved"] == true) {
        *times.entry(posting["event"].as_str().unwrap().to_owned()).or_insert(0) += 1;
    }
    assert!(times.values().all(|times| *times == 1), "{times:?}");
    times.len()
}

#[tokio::test]
async fn a_run_that_was_killed_moves_no_money_twice_when_it_is_run_again() {
    let folder = TempDir::new().unwrap();
    let named = folder.path().to_str().unwrap();
    let mut killed = Process::run(PROGRAM).arg("--folder").arg(named).arg("--workers=8").start();
    kit::wait_for("the protected half", Duration::from_mins(1), async || {
        moved(folder.path()) >= 20
    })
    .await;
    killed.kill();
    let before = moved(folder.path());

    let out = quickstart(&["--folder", named], "");
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    let effects: usize = row(&out, "effects (money moved)")[1].parse().unwrap();
    assert_eq!((before + effects, moved(folder.path())), (202, 202));
    assert_eq!(row(&out, "money wrongly moved, all runs")[1], "none");
    // What was killed in its body is asked for again; what had completed is remembered.
    assert!(postings(folder.path()).len() < 202 + before, "{}", text(&out.stdout));
}

#[test]
fn two_at_once_share_the_work() {
    let folder = TempDir::new().unwrap();
    let args = ["--folder", folder.path().to_str().unwrap()];
    let outs = std::thread::scope(|scope| {
        let runs = [(); 2].map(|()| scope.spawn(|| quickstart(&args, "")));
        runs.map(|run| run.join().unwrap())
    });
    let effects = outs.map(|out| {
        assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
        row(&out, "effects (money moved)")[1].parse::<usize>().unwrap()
    });
    assert_eq!((effects[0] + effects[1], moved(folder.path())), (202, 202));
    assert!(postings(folder.path()).len() < 2 * 202, "neither has done all of it");
}

#[test]
fn a_folder_that_can_t_be_used_is_told_in_one_line() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("a file");
    fs::write(&file, "").unwrap();
    let damaged = folder.path().join("damaged");
    fs::create_dir(&damaged).unwrap();
    fs::write(damaged.join("idem.sqlite"), "no database, whatever its name says").unwrap();
    for folder in [&file, &file.join("below"), &damaged] {
        let out = quickstart(&["--folder", folder.to_str().unwrap()], "");
        let told = text(&out.stderr);
        assert_eq!((out.status.code(), told.lines().count()), (Some(1), 1), "{told}");
        assert!(told.contains(&folder.display().to_string()), "{told}");
        assert_eq!(text(&out.stdout), "");
    }
}

#[test]
fn one_worker_gives_the_same_numbers() {
    let out = quickstart(&["--workers", "1"], "");
    assert_eq!(row(&out, "effects (money moved)"), ["425", "202"]);
    assert_eq!(row(&out, "first told \"in flight\", then delivered again"), ["-", "0"]);
}

#[test]
fn bad_lines_are_named_and_the_rest_is_handled() {
    let input = "{\"id\":\"a\",\"amount\":5,\"currency\":\"EUR\"}\nnonsense\n{\"amount\":5}\n\
                 {\"id\":\"b\",\"amount\":-5,\"currency\":\"EUR\"}\n";
    let out = quickstart(&["-"], input);
    assert_eq!(out.status.code(), Some(3));
    assert_eq!(
        text(&out.stderr),
        "standard input:2: not JSON: expected ident, at column 2\n\
         standard input:3: there is no `id`\n\
         standard input:4: `b`: `amount` is negative: -5\n"
    );
    assert_eq!(row(&out, "effects (money moved)"), ["1", "1"]);
}

#[test]
fn no_deliveries_is_no_failure() {
    let out = quickstart(&["-"], "");
    assert_eq!(out.status.code(), Some(0));
    assert_eq!(text(&out.stdout), "There are no deliveries in standard input.\n");
}

#[test]
fn a_file_that_is_not_there_is_told_in_one_line() {
    let out = quickstart(&["no-such.jsonl"], "");
    assert_eq!(out.status.code(), Some(1));
    assert!(text(&out.stderr).starts_with("quickstart: no-such.jsonl can't be read: "));
    assert_eq!(text(&out.stderr).lines().count(), 1);
}

#[test]
fn a_reader_that_has_left_is_no_failure() {
    let home = TempDir::new().unwrap();
    let mut child = Command::new(PROGRAM)
        .env("XDG_STATE_HOME", home.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let out = child.wait_with_output().unwrap();
    assert_eq!((out.status.code(), text(&out.stderr)), (Some(0), ""));
}

#[test]
fn over_redis_a_killed_worker_moves_no_money_twice() {
    let server = kit::redis::Server::start(kit::redis::Flavour::Redis);
    let out = quickstart(&["--redis", &server.url()], "");
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    assert_eq!(row(&out, "effects (money moved)"), ["425", "202"]);
    assert_eq!(row(&out, "money wrongly moved")[1], "none");
    let takeovers: u32 = row(&out, "claims taken over after their lease")[1].parse().unwrap();
    assert!(takeovers >= 1, "{}", text(&out.stdout));
    assert!(text(&out.stdout).contains("was killed (kill -9)"));
}

#[test]
fn a_redis_that_is_not_there_is_told_in_one_line() {
    let url = format!("redis://127.0.0.1:{}/", kit::port::free());
    let out = quickstart(&["--redis", &url], "");
    assert_eq!(out.status.code(), Some(1));
    assert_eq!(text(&out.stderr).lines().count(), 1, "{}", text(&out.stderr));
}
