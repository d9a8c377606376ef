//! The whole report: what was run, what each half did, and what that means.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::time::Duration;

use super::handler::LEASE;
use super::intake::Intake;
use super::ledger::Posting;
use super::money;
use super::processes::Kill;
use super::table::{self, Ink, Paint, Row};
use super::tally::{Half, Tally};

/// How the run was made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    pub(super) workers: u16,
    /// The processes of the protected half, if it had any of its own.
    pub(super) processes: Option<u16>,
}

/// The whole report.
pub(super) fn render(
    intake: &Intake,
    setting: Setting,
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
    if let Some(kill) = &guarded.kill {
        let _ = write!(text, "\n{}\n", paint.on(Ink::Bold, "What the kill did"));
        text.push_str(&story(kill, &guarded.postings));
    } else if setting.processes.is_some() {
        text.push_str("No worker was killed: none came to its effect.\n");
    }
    let _ = write!(text, "\n{}\n", paint.on(Ink::Bold, "What to read next"));
    text.push_str(next(setting));
    text
}

fn head(intake: &Intake, setting: Setting) -> String {
    let events: HashSet<_> = intake.deliveries.iter().map(|delivery| &delivery.event.id).collect();
    let mut text = format!(
        "{} of {}, from {}.\n",
        counted(intake.deliveries.len(), "delivery", "deliveries"),
        counted(events.len(), "event", "events"),
        intake.name,
    );
    if !intake.unreadable.is_empty() {
        let lines = counted(intake.unreadable.len(), "line was", "lines were");
        let _ = writeln!(text, "{lines} no delivery and left out; standard error names them.");
    }
    let workers = counted(setting.workers.into(), "worker", "workers");
    let _ = match setting.processes {
        None => {
            writeln!(text, "Handled by {workers} at once, first without protection, then with.")
        }
        Some(processes) => writeln!(
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
    if guarded.kill.is_some() {
        rows.push(Row::guarded("claims taken over after their lease", safe.takeovers));
        rows.push(Row::guarded("effects run again, deduped by the provider", safe.deduped));
    }
    if !(tally.put_aside.is_empty() && safe.put_aside.is_empty()) {
        let (bare, guarded) = (tally.put_aside.len(), safe.put_aside.len());
        rows.push(Row::fault("put aside, not handled", bare, guarded));
    }
    rows.push(Row::fault("events that moved money twice", tally.moved_twice, safe.moved_twice));
    rows.push(Row::fault("events with different receipts", tally.split, safe.split));
    let wrong = [tally, safe].map(|tally| money::amounts(&tally.wrong));
    let inks = [&wrong[0], &wrong[1]].map(|w| if w.is_empty() { Ink::Good } else { Ink::Bad });
    let cells = wrong.map(|w| if w.is_empty() { vec!["none".to_owned()] } else { w });
    rows.push(Row { label: "money wrongly moved", cells, inks });
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

fn next(setting: Setting) -> &'static str {
    if setting.processes.is_some() {
        "  examples/src/quickstart/handler.rs   the handler of both halves\n\
         \x20 README.md                            which strategy promises what\n"
    } else {
        "  examples/src/quickstart/handler.rs   the handler of both halves\n\
         \x20 README.md                            which strategy promises what\n\
         \x20 … --bin quickstart -- --redis URL    the same across processes, one of them killed\n\
         \x20 … --bin quickstart -- FILE           deliveries of your own (-- --help says how)\n"
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", money::grouped(count as u128), if count == 1 { one } else { many })
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::super::answer::Answer;
    use super::super::broker::Settled;
    use super::super::delivery::{Delivery, Event};
    use super::super::handler::Receipt;
    use super::super::intake::Unreadable;
    use super::*;

    fn delivery(line: usize, id: &str, amount: u64) -> Delivery {
        let event = Event {
            id: id.to_owned(),
            kind: "payment.succeeded".to_owned(),
            account: "acct".to_owned(),
            amount,
            currency: "EUR".to_owned(),
        };
        Delivery { line, event }
    }

    fn posting(delivery: &Delivery, moved: bool, at: u64) -> Posting {
        Posting {
            event: delivery.event.id.clone(),
            key: None,
            receipt: "r".to_owned(),
            moved,
            amount: delivery.event.amount,
            currency: "EUR".to_owned(),
            process: 1,
            at,
        }
    }

    fn settled(delivery: &Delivery, answer: Answer, told_in_flight: u32) -> Settled {
        Settled { delivery: delivery.clone(), answer, told_in_flight }
    }

    fn ran(number: &str, attempt: u32) -> Answer {
        Answer::Ran { receipt: Receipt { number: number.to_owned() }, attempt }
    }

    /// An event with a duplicate and a forgery, and one that comes once.
    fn intake() -> Intake {
        let deliveries = vec![
            delivery(1, "evt_a", 1250),
            delivery(2, "evt_a", 1250),
            delivery(3, "evt_a", 999_900),
            delivery(5, "evt_b", 70),
        ];
        let unreadable = vec![Unreadable { line: 4, reason: "there is no `id`".to_owned() }];
        Intake { name: "my.jsonl".to_owned(), deliveries, unreadable }
    }

    fn bare(intake: &Intake) -> Half {
        let numbers = ["r-1", "r-2", "r-3", "r-4"].into_iter();
        let answers = intake.deliveries.iter().zip(numbers);
        Half {
            settled: answers.map(|(delivery, n)| settled(delivery, ran(n, 1), 0)).collect(),
            postings: intake.deliveries.iter().map(|d| posting(d, true, 0)).collect(),
            took: Duration::from_millis(120),
            kill: None,
        }
    }

    fn guarded(intake: &Intake, attempt: u32) -> Half {
        let [first, again, forged, other] = &intake.deliveries[..] else { unreachable!() };
        let replayed = Answer::Replayed { receipt: Receipt { number: "r-1".to_owned() } };
        Half {
            settled: vec![
                settled(first, ran("r-1", attempt), 2),
                settled(again, replayed, 1),
                settled(forged, Answer::Mismatch, 0),
                settled(other, ran("r-2", 1), 0),
            ],
            postings: vec![posting(first, true, 1000), posting(other, true, 1010)],
            took: Duration::from_millis(90),
            kill: None,
        }
    }

    const PLAIN: Paint = Paint { colour: false };

    #[test]
    fn the_report_of_one_process() {
        let intake = intake();
        let setting = Setting { workers: 8, processes: None };
        let text = render(&intake, setting, &bare(&intake), &guarded(&intake, 1), PLAIN);
        let expected = "\
4 deliveries of 2 events, from my.jsonl.
1 line was no delivery and left out; standard error names them.
Handled by 8 workers at once, first without protection, then with.

                                                       without   #[idempotent]
  ----------------------------------------------------------------------------
  deliveries                                                 4               4
  effects (money moved)                                      4               2
  duplicates answered with the stored receipt                -               1
  first told \"in flight\", then delivered again               -               2
  refused: known event, other content                        -               1
  events that moved money twice                              1               0
  events with different receipts                             1               0
  money wrongly moved                            10,011.50 EUR            none
  time                                                   0.1 s           0.1 s

Without protection 1 event moved money more than once: every duplicate ran the
handler again.
With #[idempotent] each event moved its money once, and its duplicates got the
receipt of that. Those that came while it ran were told \"in flight\", and got it when
they came again.
Refused, because the event had been handled with other content before:
line 3.

What to read next
  examples/src/quickstart/handler.rs   the handler of both halves
  README.md                            which strategy promises what
  … --bin quickstart -- --redis URL    the same across processes, one of them killed
  … --bin quickstart -- FILE           deliveries of your own (-- --help says how)
";
        assert_eq!(text, expected);
    }

    #[test]
    fn the_report_of_a_kill_says_what_ran_again() {
        let intake = intake();
        let mut half = guarded(&intake, 2);
        half.postings.push(posting(&intake.deliveries[0], false, 3150));
        let event = "evt_a".to_owned();
        half.kill = Some(Kill { worker: 2, process: 77, event, unfinished: 3 });
        let setting = Setting { workers: 8, processes: Some(3) };
        let text = render(&intake, setting, &bare(&intake), &half, PLAIN);
        for line in [
            "  claims taken over after their lease                        -               1",
            "  effects run again, deduped by the provider                 -               1",
            "  Worker 2 was killed (kill -9) in the body of evt_a:",
            "  12.50 EUR had been moved, and the receipt was not stored yet.",
            "  3 unanswered deliveries came again to the other workers, as from a broker.",
            "  When the lease of 2 s had lapsed, 2.1 s after the effect, one of them took the",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }

    #[test]
    fn wrong_money_under_protection_is_not_talked_away() {
        let intake = intake();
        let setting = Setting { workers: 8, processes: None };
        let text = render(&intake, setting, &bare(&intake), &bare(&intake), PLAIN);
        assert!(text.contains("please report it"));
    }

    #[test]
    fn colours_change_no_column() {
        let intake = intake();
        let setting = Setting { workers: 8, processes: None };
        let (bare, guarded) = (bare(&intake), guarded(&intake, 1));
        let plain = render(&intake, setting, &bare, &guarded, PLAIN);
        let coloured = render(&intake, setting, &bare, &guarded, Paint { colour: true });
        let stripped = ["1", "32", "31", "0"]
            .iter()
            .fold(coloured.clone(), |text, code| text.replace(&format!("\x1b[{code}m"), ""));
        assert_ne!(plain, coloured);
        assert_eq!(plain, stripped);
    }
}
