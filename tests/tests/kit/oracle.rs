//! The oracle is right about histories that are right, and about each way to be wrong.

use std::io::Write as _;
use std::time::Duration;

use kit::oracle::{How, Journal, Moment, Promise, Rule, Run};

const LEASE: Duration = Duration::from_secs(1);
const KEY: &str = "charge:1";

/// A moment, in milliseconds of a test's time: now, so that answers, which are noted now, come last.
fn at(milliseconds: u64) -> Moment {
    let then = kit::oracle::now() + Duration::from_millis(milliseconds);
    then.saturating_sub(Duration::from_mins(1))
}

/// A run that began as soon as it was asked for.
fn run(value: &str, fence: u64, begun: u64) -> Run {
    let begun = at(begun);
    Run { value: value.to_owned(), fence, payload: 0, asked: begun, noted: begun }
}

fn journal(runs: &[Run]) -> Journal {
    let journal = Journal::new();
    for run in runs {
        journal.started(KEY, run);
    }
    journal
}

fn committed(values: &[&str]) -> Promise {
    Promise::Committed(values.iter().map(|value| (KEY.to_owned(), (*value).to_owned())).collect())
}

fn broken(journal: &Journal, promise: &Promise) -> Vec<Rule> {
    let violations = journal.history().violations(promise, LEASE);
    violations.iter().map(|violation| violation.rule).collect()
}

#[test]
fn a_takeover_a_release_and_replays_are_right() {
    let journal = journal(&[run("a", 1, 0), run("b", 2, 1100), run("c", 3, 1200)]);
    journal.fails(KEY, "b");
    journal.answered(KEY, 0, "a", How::Unstored);
    journal.answered(KEY, 0, "c", How::Stored);
    journal.answered(KEY, 0, "c", How::Replayed);
    journal.refused(KEY, "mismatch");
    assert_eq!(broken(&journal, &Promise::Lease), []);
    assert_eq!(broken(&journal, &Promise::Limit(2)), []);
    assert_eq!((journal.history().runs(), journal.history().answers()), (3, 3));
    assert_eq!(journal.history().refusals("mismatch"), 1);
}

#[test]
fn what_was_rolled_back_does_not_count() {
    let journal = journal(&[run("a", 1, 0), run("b", 2, 10)]);
    journal.answered(KEY, 0, "b", How::Stored);
    assert_eq!(broken(&journal, &committed(&["b"])), []);
}

/// Its claim was the first, and its note, after a pause past its lease, is the second.
#[test]
fn a_run_that_was_paused_before_its_note_is_right() {
    let paused = Run { asked: at(0), ..run("a", 1, 1500) };
    let journal = journal(&[run("b", 2, 1100), paused]);
    assert_eq!(broken(&journal, &Promise::Lease), []);
}

#[test]
fn two_results_are_wrong() {
    let journal = journal(&[run("a", 1, 0), run("b", 2, 1100)]);
    journal.answered(KEY, 0, "a", How::Stored);
    journal.answered(KEY, 0, "b", How::Replayed);
    assert_eq!(broken(&journal, &Promise::Lease), [Rule::Equal]);
}

#[test]
fn a_result_that_nobody_produced_is_wrong() {
    let journal = journal(&[run("a", 1, 0)]);
    journal.answered(KEY, 0, "b", How::Replayed);
    assert_eq!(broken(&journal, &Promise::Lease), [Rule::Produced]);
}

#[test]
fn fences_that_fall_or_stand_still_are_wrong() {
    for fence in [6, 7] {
        let journal = journal(&[run("a", 7, 0), run("b", fence, 1100)]);
        // That the later one was claimed first is also that it ran while the first did.
        let broken = broken(&journal, &committed(&["b"]));
        assert_eq!(broken, [Rule::Fences], "{fence}");
    }
}

#[test]
fn two_runs_in_one_lease_are_wrong() {
    let journal = journal(&[run("a", 1, 0), run("b", 2, 900)]);
    assert_eq!(broken(&journal, &Promise::Lease), [Rule::Lapsed]);
    assert_eq!(broken(&journal, &Promise::Limit(2)), [Rule::Lapsed]);
}

#[test]
fn a_run_after_a_result_is_wrong() {
    let journal = journal(&[run("a", 1, 0)]);
    journal.answered(KEY, 0, "a", How::Stored);
    journal.started(KEY, &run("b", 2, 120_000));
    assert_eq!(broken(&journal, &Promise::Lease), [Rule::Settled]);
}

#[test]
fn an_attempt_more_than_the_limit_is_wrong() {
    let journal = journal(&[run("a", 1, 0), run("b", 2, 1100)]);
    assert_eq!(broken(&journal, &Promise::Limit(1)), [Rule::Limit]);
    journal.fails(KEY, "a");
    assert_eq!(broken(&journal, &Promise::Limit(1)), []);
}

#[test]
fn two_commits_none_and_another_than_was_told_are_wrong() {
    let journal = journal(&[run("a", 1, 0), run("b", 2, 1100)]);
    assert_eq!(broken(&journal, &committed(&[])), [Rule::Committed]);
    assert_eq!(broken(&journal, &committed(&["a", "b"])), [Rule::Committed]);
    assert_eq!(broken(&journal, &committed(&["c"])), [Rule::Produced]);
    journal.answered(KEY, 0, "a", How::Unstored);
    assert_eq!(broken(&journal, &committed(&["b"])), [Rule::Committed]);
}

#[test]
fn another_payload_that_runs_or_is_answered_is_wrong() {
    let other = Run { payload: 1, ..run("b", 2, 1100) };
    let ran = journal(&[run("a", 1, 0), other]);
    assert_eq!(broken(&ran, &Promise::Lease), [Rule::Payload]);
    let told = journal(&[run("a", 1, 0)]);
    told.answered(KEY, 1, "a", How::Replayed);
    assert_eq!(broken(&told, &Promise::Lease), [Rule::Payload]);
}

#[test]
#[should_panic(expected = "no line of a journal")]
fn what_is_no_journal_is_not_judged() {
    let ledger = kit::ledger::Ledger::new();
    ledger.append(KEY, "started a 1 .");
    let _ = Journal::at(ledger.path()).history();
}

#[test]
fn a_note_that_was_cut_off_is_passed_over_and_the_next_one_read() {
    let journal = journal(&[run("a", 1, 0)]);
    let cut = format!("\n{KEY}\tstarted b 2 0 17");
    let file = std::fs::OpenOptions::new().append(true).open(journal.path());
    file.and_then(|mut file| file.write_all(cut.as_bytes())).expect("the journal can be written");
    journal.answered(KEY, 0, "a", How::Replayed);
    assert_eq!(broken(&journal, &Promise::Lease), []);
    assert_eq!((journal.history().runs(), journal.history().answers()), (1, 1));
}
