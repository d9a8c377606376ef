use super::*;
use crate::quickstart::answer::Answer;
use crate::quickstart::broker::Settled;
use crate::quickstart::delivery::{Delivery, Event};
use crate::quickstart::handler::Receipt;
use crate::quickstart::intake::Unreadable;

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

fn posting(delivery: &Delivery, receipt: &str, moved: bool, at: u64) -> Posting {
    Posting {
        event: delivery.event.id.clone(),
        key: None,
        receipt: receipt.to_owned(),
        moved,
        amount: delivery.event.amount,
        currency: "EUR".to_owned(),
        run: "this".to_owned(),
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
        settled: answers.clone().map(|(it, n)| settled(it, ran(n, 1), 0)).collect(),
        postings: answers.map(|(it, n)| posting(it, n, true, 0)).collect(),
        others: Vec::new(),
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
        postings: vec![posting(first, "r-1", true, 1000), posting(other, "r-2", true, 1010)],
        others: Vec::new(),
        took: Duration::from_millis(90),
        kill: None,
    }
}

fn in_folder() -> Setting<'static> {
    Setting { workers: 8, claims: Claims::InFolder(Path::new("/state/it")) }
}

const PLAIN: Paint = Paint { colour: false };

#[test]
fn the_report_of_a_first_run() {
    let intake = intake();
    let setting = in_folder();
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

What is remembered
  No event was known yet. Run this again, now or in an hour, and all are: what has
  completed is remembered for 7 days, also by another process.
  It is kept in /state/it; --forget begins anew.

What to read next
  examples/src/quickstart/handler.rs   the handler of both halves
  README.md                            which strategy promises what
  … --bin quickstart -- --redis URL    the same across processes, one of them killed
  … --bin quickstart -- FILE           deliveries of your own (-- --help says how)
";
    assert_eq!(text, expected);
}

/// The same deliveries again: of the first run there is only what the ledgers say.
#[test]
fn the_report_of_a_second_run() {
    let intake = intake();
    let (mut bare, mut second) = (bare(&intake), guarded(&intake, 1));
    bare.others.clone_from(&bare.postings);
    second.others = std::mem::take(&mut second.postings);
    for settled in &mut second.settled {
        if let Answer::Ran { receipt, .. } = &settled.answer {
            settled.answer = Answer::Replayed { receipt: receipt.clone() };
        }
    }
    let text = render(&intake, in_folder(), &bare, &second, PLAIN);
    for line in [
        "  effects (money moved)                                      4               0",
        "  duplicates answered with the stored receipt                -               3",
        "  events that moved money twice, all runs                    2               0",
        "  money wrongly moved, all runs                  20,036.20 EUR            none",
        "  All 2 events were remembered from an earlier run: nothing ran again, and the",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    second.postings.push(second.others.remove(1));
    let text = render(&intake, in_folder(), &bare, &second, PLAIN);
    assert!(text.contains("  1 of 2 events were remembered from an earlier run"), "{text}");
}

#[test]
fn the_report_of_a_kill_says_what_ran_again() {
    let intake = intake();
    let mut half = guarded(&intake, 2);
    half.postings.push(posting(&intake.deliveries[0], "r-1", false, 3150));
    let event = "evt_a".to_owned();
    half.kill = Some(Kill { worker: 2, process: 77, event, unfinished: 3 });
    let setting = Setting { workers: 8, claims: Claims::InRedis { processes: 3 } };
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
    let setting = in_folder();
    let text = render(&intake, setting, &bare(&intake), &bare(&intake), PLAIN);
    assert!(text.contains("please report it"));
}

#[test]
fn colours_change_no_column() {
    let intake = intake();
    let setting = in_folder();
    let (bare, guarded) = (bare(&intake), guarded(&intake, 1));
    let plain = render(&intake, setting, &bare, &guarded, PLAIN);
    let coloured = render(&intake, setting, &bare, &guarded, Paint { colour: true });
    let stripped = ["1", "32", "31", "0"]
        .iter()
        .fold(coloured.clone(), |text, code| text.replace(&format!("\x1b[{code}m"), ""));
    assert_ne!(plain, coloured);
    assert_eq!(plain, stripped);
}
