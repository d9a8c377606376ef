//! The whole report: what was run, what each half did, and what that means.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use super::handler::{LEASE, RETENTION};
use super::intake::Intake;
use super::ledger::Posting;
use super::money;
use super::processes::Kill;
use super::table::{self, Ink, Paint, Row};
use super::tally::{Half, Tally};

/// How the run was made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting<'a> {
    pub(super) workers: u16,
    pub(super) claims: Claims<'a>,
}

/// Where the protected half had its claims.
#[derive(Debug, Clone, Copy)]
pub(super) enum Claims<'a> {
    /// In this folder, which the next run finds again.
    InFolder(&'a Path),
    /// In a Redis that so many processes shared.
    InRedis { processes: u16 },
}

/// The whole report.
pub(super) fn render(
    intake: &Intake,
    setting: Setting<'_>,
    bare: &Half,
    guarded: &Half,
    paint: Paint,
) -> String {
    let (tally, safe) =
        (Tally::of(&intake.deliveries, bare), Tally::of(&intake.deliveries, guarded));
    let mut text = head(intake, setting);
    text.push('\n');
    text.push_str(&table::render(&rows(&tally, &safe, bare, guarded), paint));
    text.push('\n');
    text.push_str(&meaning(&tally, &safe));
    if let Claims::InFolder(folder) = setting.claims {
        let _ = write!(text, "\n{}\n", paint.on(Ink::Bold, "What is remembered"));
        text.push_str(&memory(intake, &safe, folder));
    }
    if let Some(kill) = &guarded.kill {
        let _ = write!(text, "\n{}\n", paint.on(Ink::Bold, "What the kill did"));
        text.push_str(&story(kill, &guarded.postings));
    } else if matches!(setting.claims, Claims::InRedis { .. }) {
        text.push_str("No worker was killed: none came to its effect.\n");
    }
    let _ = write!(text, "\n{}\n", paint.on(Ink::Bold, "What to read next"));
    text.push_str(next(setting));
    text
}

fn head(intake: &Intake, setting: Setting<'_>) -> String {
    let mut text = format!(
        "{} of {}, from {}.\n",
        counted(intake.deliveries.len(), "delivery", "deliveries"),
        counted(events(intake), "event", "events"),
        intake.name,
    );
    if !intake.unreadable.is_empty() {
        let lines = counted(intake.unreadable.len(), "line was", "lines were");
        let _ = writeln!(text, "{lines} no delivery and left out; standard error names them.");
    }
    let workers = counted(setting.workers.into(), "worker", "workers");
    let _ = match setting.claims {
        Claims::InFolder(_) => {
            writeln!(text, "Handled by {workers} at once, first without protection, then with.")
        }
        Claims::InRedis { processes } => writeln!(
            text,
            "Handled by {workers} at once, first without protection in this process, then with\n\
             it in {processes} processes that share a Redis; one of them was to be killed.",
        ),
    };
    text
}

fn rows(tally: &Tally, safe: &Tally, bare: &Half, guarded: &Half) -> Vec<Row> {
    let mut rows = vec![
        Row::of("deliveries", tally.deliveries, safe.deliveries),
        Row::of("effects (money moved)", tally.effects, safe.effects),
        Row::guarded("duplicates answered with the stored receipt", safe.replayed),
        Row::guarded("first told \"in flight\", then delivered again", safe.told_in_flight),
        Row::guarded("refused: known event, other content", safe.mismatched.len()),
    ];
    if guarded.kill.is_some() || safe.takeovers + safe.deduped > 0 {
        rows.push(Row::guarded("claims taken over after their lease", safe.takeovers));
        rows.push(Row::guarded("effects run again, deduped by the provider", safe.deduped));
    }
    if !(tally.put_aside.is_empty() && safe.put_aside.is_empty()) {
        let (bare, guarded) = (tally.put_aside.len(), safe.put_aside.len());
        rows.push(Row::fault("put aside, not handled", bare, guarded));
    }
    let [twice, split, wrong] = if bare.others.is_empty() && guarded.others.is_empty() {
        ["events that moved money twice", "events with different receipts", "money wrongly moved"]
    } else {
        [
            "events that moved money twice, all runs",
            "events with different receipts, all runs",
            "money wrongly moved, all runs",
        ]
    };
    rows.push(Row::fault(twice, tally.moved_twice, safe.moved_twice));
    rows.push(Row::fault(split, tally.split, safe.split));
    let amounts = [tally, safe].map(|tally| money::amounts(&tally.wrong));
    let inks = [&amounts[0], &amounts[1]].map(|a| if a.is_empty() { Ink::Good } else { Ink::Bad });
    let cells = amounts.map(|a| if a.is_empty() { vec!["none".to_owned()] } else { a });
    rows.push(Row { label: wrong, cells, inks });
    let cells = [bare, guarded].map(|half| vec![seconds(half.took)]);
    rows.push(Row { label: "time", cells, inks: [Ink::Plain; 2] });
    rows
}

fn meaning(tally: &Tally, safe: &Tally) -> String {
    let mut text = if tally.moved_twice == 0 {
        "No event came twice, so protection had nothing to do.\n".to_owned()
    } else {
        format!(
            "Without protection {} moved money more than once: every duplicate ran the\n\
             handler again.\n",
            counted(tally.moved_twice, "event", "events"),
        )
    };
    if safe.moved_twice == 0 && safe.wrong.is_empty() {
        text.push_str(
            "With #[idempotent] each event moved its money once, and its duplicates got the\n\
             receipt of that.",
        );
    } else {
        text.push_str(
            "With #[idempotent] no event should have moved money wrongly, but this run shows\n\
             otherwise: please report it.",
        );
    }
    if safe.told_in_flight > 0 {
        text.push_str(
            " Those that came while it ran were told \"in flight\", and got it when\n\
             they came again.",
        );
    }
    text.push('\n');
    if !safe.mismatched.is_empty() {
        let named: Vec<_> = safe.mismatched.iter().take(8).map(ToString::to_string).collect();
        let more = if safe.mismatched.len() > 8 { " and more" } else { "" };
        let _ = writeln!(
            text,
            "Refused, because the event had been handled with other content before:\n{} {}{more}.",
            if safe.mismatched.len() == 1 { "line" } else { "lines" },
            named.join(", "),
        );
    }
    text
}

/// What this run knew of earlier ones, and the next one will of this.
fn memory(intake: &Intake, safe: &Tally, folder: &Path) -> String {
    let all = events(intake);
    let mut text = match safe.remembered {
        0 => format!(
            "  No event was known yet. Run this again, now or in an hour, and all are: what has\n\
             \x20 completed is remembered for {RETENTION}, also by another process.\n",
        ),
        some if some == all => format!(
            "  All {} were remembered from an earlier run: nothing ran again, and the\n\
             \x20 answer was the receipt of that time. Without protection all money moved again.\n",
            counted(all, "event", "events"),
        ),
        some => format!(
            "  {} of {} were remembered from an earlier run: nothing ran again for them,\n\
             \x20 and the answer was the receipt of that time.\n",
            money::grouped(some as u128),
            counted(all, "event", "events"),
        ),
    };
    let _ = writeln!(text, "  It is kept in {}; --forget begins anew.", folder.display());
    text
}

fn story(kill: &Kill, postings: &[Posting]) -> String {
    let mut of_event = postings.iter().filter(|posting| posting.event == kill.event);
    let first = of_event.find(|posting| posting.moved);
    let again = of_event.find(|posting| !posting.moved);
    let mut text =
        format!("  Worker {} was killed (kill -9) in the body of {}:\n", kill.worker, kill.event);
    if let Some(first) = first {
        let amount = money::amount(first.amount.into(), &first.currency);
        let _ = writeln!(text, "  {amount} had been moved, and the receipt was not stored yet.");
    }
    let _ = writeln!(
        text,
        "  {} came again to the other workers, as from a broker.",
        counted(kill.unfinished, "unanswered delivery", "unanswered deliveries"),
    );
    if let (Some(first), Some(again)) = (first, again) {
        let later = Duration::from_millis(again.at.saturating_sub(first.at));
        let _ = write!(
            text,
            "  When the lease of {LEASE} had lapsed, {} after the effect, one of them took the\n\
             \x20 claim over and ran the body again: across a crash, setnx is at least once. But\n\
             \x20 it gave the provider the same downstream_key(\"credit\") as the dead worker had,\n\
             \x20 so the provider answered with the first receipt, and the money moved once.\n",
            seconds(later),
        );
    }
    text
}

fn next(setting: Setting<'_>) -> &'static str {
    match setting.claims {
        Claims::InRedis { .. } => {
            "  examples/src/quickstart/handler.rs   the handler of both halves\n\
             \x20 README.md                            which strategy promises what\n"
        }
        Claims::InFolder(_) => {
            "  examples/src/quickstart/handler.rs   the handler of both halves\n\
             \x20 README.md                            which strategy promises what\n\
             \x20 … --bin quickstart -- --redis URL    the same across processes, one of them killed\n\
             \x20 … --bin quickstart -- FILE           deliveries of your own (-- --help says how)\n"
        }
    }
}

fn events(intake: &Intake) -> usize {
    let events = intake.deliveries.iter().map(|delivery| &delivery.event.id);
    events.collect::<HashSet<_>>().len()
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", money::grouped(count as u128), if count == 1 { one } else { many })
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests;
