//! The quickstart as a person runs it.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

fn quickstart(args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_quickstart"))
        .args(args)
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
    let mut child = Command::new(env!("CARGO_BIN_EXE_quickstart"))
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
