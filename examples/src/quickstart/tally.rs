//! Counting what a half of the run did.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use super::answer::Answer;
use super::broker::Settled;
use super::delivery::Delivery;
use super::ledger::Posting;
use super::processes::Kill;

/// All that is known of one half after it ended.
#[derive(Debug)]
pub(super) struct Half {
    pub(super) settled: Vec<Settled>,
    /// What this run has asked of the provider.
    pub(super) postings: Vec<Posting>,
    /// What other runs have, by the same ledger.
    pub(super) others: Vec<Posting>,
    pub(super) took: Duration,
    pub(super) kill: Option<Kill>,
}

/// The receipts that are known of each event.
type Receipts<'a> = HashMap<&'a str, HashSet<&'a str>>;

/// Amounts in minor units, by currency.
pub(super) type Money = BTreeMap<String, u128>;

/// The numbers of one half: of this run, where they don't say otherwise.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) deliveries: usize,
    /// How often money moved, by the ledger.
    pub(super) effects: usize,
    /// Requests that the provider answered without moving money, by the ledger.
    pub(super) deduped: usize,
    pub(super) replayed: usize,
    /// Events that were answered, and of which the provider heard nothing.
    pub(super) remembered: usize,
    /// Deliveries that were told at least once that their event is being handled.
    pub(super) told_in_flight: usize,
    /// The lines of deliveries whose content had changed.
    pub(super) mismatched: Vec<usize>,
    /// Bodies that ran after an attempt which was left without an outcome.
    pub(super) takeovers: usize,
    /// Events that moved money more than once, over all runs.
    pub(super) moved_twice: usize,
    /// Events with different receipts, over all runs.
    pub(super) split: usize,
    /// What moved and should not have, or should have and did not, over all runs.
    pub(super) wrong: Money,
    /// Deliveries that nobody could settle: line and reason.
    pub(super) put_aside: Vec<(usize, String)>,
}

impl Tally {
    pub(super) fn of(deliveries: &[Delivery], half: &Half) -> Self {
        let mut tally = Self { deliveries: deliveries.len(), ..Self::default() };
        let mut receipts = Receipts::new();
        tally.count_answers(&half.settled, &mut receipts);
        let asked: HashSet<_> = half.postings.iter().map(|posting| &*posting.event).collect();
        tally.remembered = receipts.keys().filter(|event| !asked.contains(*event)).count();
        tally.effects = half.postings.iter().filter(|posting| posting.moved).count();
        tally.deduped = half.postings.len() - tally.effects;
        // Other runs may have had deliveries of other events.
        let events: HashSet<_> = deliveries.iter().map(|it| &*it.event.id).collect();
        let others = half.others.iter().filter(|posting| events.contains(&*posting.event));
        let others: Vec<_> = others.collect();
        let all: Vec<_> = others.iter().copied().chain(&half.postings).collect();
        tally.count_over_all_runs(&all, receipts);
        tally.wrong = wrong(deliveries, &others, &all);
        tally
    }

    fn count_answers<'a>(&mut self, settled: &'a [Settled], receipts: &mut Receipts<'a>) {
        for Settled { delivery, answer, told_in_flight } in settled {
            self.told_in_flight += usize::from(*told_in_flight > 0);
            match answer {
                Answer::Ran { receipt, attempt } => {
                    self.takeovers += usize::from(*attempt > 1);
                    receipts.entry(&delivery.event.id).or_default().insert(&receipt.number);
                }
                Answer::Replayed { receipt } => {
                    self.replayed += 1;
                    receipts.entry(&delivery.event.id).or_default().insert(&receipt.number);
                }
                Answer::Mismatch => self.mismatched.push(delivery.line),
                Answer::InFlight { .. } => {
                    self.put_aside.push((delivery.line, "still in flight".to_owned()));
                }
                Answer::Retry { reason, .. } | Answer::PutAside { reason } => {
                    self.put_aside.push((delivery.line, reason.clone()));
                }
            }
        }
        self.mismatched.sort_unstable();
        self.put_aside.sort_unstable();
    }

    fn count_over_all_runs<'a>(&mut self, all: &[&'a Posting], mut receipts: Receipts<'a>) {
        let mut times: HashMap<&str, usize> = HashMap::new();
        for posting in all {
            receipts.entry(&posting.event).or_default().insert(&posting.receipt);
            *times.entry(&posting.event).or_default() += usize::from(posting.moved);
        }
        self.split = receipts.values().filter(|receipts| receipts.len() > 1).count();
        self.moved_twice = times.values().filter(|times| **times > 1).count();
    }
}

/// Right is, once: what another run moved for the event; if none did, what its first delivery says.
fn wrong(deliveries: &[Delivery], others: &[&Posting], all: &[&Posting]) -> Money {
    let moved = others.iter().filter(|posting| posting.moved);
    let moved = moved.map(|it| (&*it.event, &*it.currency, it.amount));
    let told = deliveries.iter().map(|Delivery { event, .. }| event);
    let told = told.map(|event| (&*event.id, &*event.currency, event.amount));
    let mut right: HashMap<&str, (&str, u128)> = HashMap::new();
    for (event, currency, amount) in moved.chain(told) {
        right.entry(event).or_insert((currency, amount.into()));
    }
    let mut moved: BTreeMap<(&str, &str), u128> = BTreeMap::new();
    for posting in all.iter().filter(|posting| posting.moved) {
        *moved.entry((&posting.event, &posting.currency)).or_default() +=
            u128::from(posting.amount);
    }
    let due = right.iter().map(|(event, (currency, amount))| ((*event, *currency), *amount));
    let due: BTreeMap<_, _> = due.collect();
    let places: BTreeSet<_> = due.keys().chain(moved.keys()).copied().collect();
    let mut wrong = Money::new();
    for place in places {
        let (due, moved) = (due.get(&place).unwrap_or(&0), moved.get(&place).unwrap_or(&0));
        if due != moved {
            *wrong.entry(place.1.to_owned()).or_default() += due.abs_diff(*moved);
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::super::delivery::Event;
    use super::super::handler::Receipt;
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

    fn posting(event: &str, amount: u64, receipt: &str, moved: bool) -> Posting {
        Posting {
            event: event.to_owned(),
            key: None,
            receipt: receipt.to_owned(),
            moved,
            amount,
            currency: "EUR".to_owned(),
            run: "this".to_owned(),
            at: 0,
        }
    }

    fn half(answers: Vec<(Delivery, Answer, u32)>, postings: Vec<Posting>) -> Half {
        let settled =
            |(delivery, answer, told_in_flight)| Settled { delivery, answer, told_in_flight };
        let settled = answers.into_iter().map(settled).collect();
        Half { settled, postings, others: Vec::new(), took: Duration::ZERO, kill: None }
    }

    fn ran(number: &str, attempt: u32) -> Answer {
        Answer::Ran { receipt: Receipt { number: number.to_owned() }, attempt }
    }

    #[test]
    fn what_moved_twice_is_wrong_by_the_second_time() {
        let deliveries = [delivery(1, "a", 100), delivery(2, "a", 100), delivery(3, "b", 7)];
        let answers = deliveries.iter().cloned().zip(["r-1", "r-2", "r-3"]);
        let answers = answers.map(|(delivery, receipt)| (delivery, ran(receipt, 1), 0)).collect();
        let postings = vec![
            posting("a", 100, "r-1", true),
            posting("a", 100, "r-2", true),
            posting("b", 7, "r-3", true),
        ];
        let tally = Tally::of(&deliveries, &half(answers, postings));
        assert_eq!((tally.effects, tally.moved_twice, tally.split), (3, 1, 1));
        assert_eq!(tally.wrong, Money::from([("EUR".to_owned(), 100)]));
    }

    #[test]
    fn a_replay_and_a_refusal_move_nothing() {
        let deliveries = [delivery(1, "a", 100), delivery(2, "a", 100), delivery(3, "a", 1000)];
        let replayed = Answer::Replayed { receipt: Receipt { number: "r-1".to_owned() } };
        let [first, second, third] = deliveries.clone();
        let answers =
            vec![(first, ran("r-1", 1), 0), (second, replayed, 3), (third, Answer::Mismatch, 0)];
        let tally = Tally::of(&deliveries, &half(answers, vec![posting("a", 100, "r-1", true)]));
        let expected = Tally {
            deliveries: 3,
            effects: 1,
            replayed: 1,
            told_in_flight: 1,
            mismatched: vec![3],
            ..Tally::default()
        };
        assert_eq!(tally, expected);
    }

    #[test]
    fn a_takeover_that_the_provider_dedupes_moves_nothing() {
        let deliveries = [delivery(1, "a", 100)];
        let postings = vec![posting("a", 100, "r-1", true), posting("a", 100, "r-1", false)];
        let answers = vec![(deliveries[0].clone(), ran("r-1", 2), 5)];
        let tally = Tally::of(&deliveries, &half(answers, postings));
        assert_eq!((tally.effects, tally.deduped, tally.takeovers), (1, 1, 1));
        assert_eq!(tally.wrong, Money::new());
    }

    #[test]
    fn an_effect_that_never_came_is_wrong_too() {
        let deliveries = [delivery(1, "a", 100)];
        let away = Answer::PutAside { reason: "away".to_owned() };
        let tally = Tally::of(&deliveries, &half(vec![(deliveries[0].clone(), away, 0)], vec![]));
        assert_eq!(tally.wrong, Money::from([("EUR".to_owned(), 100)]));
        assert_eq!(tally.put_aside, [(1, "away".to_owned())]);
    }

    fn replayed(number: &str) -> Answer {
        Answer::Replayed { receipt: Receipt { number: number.to_owned() } }
    }

    /// Whose deliveries an earlier run has handled, and whose content differs now.
    #[test]
    fn what_another_run_moved_is_right_and_remembered() {
        let deliveries = [delivery(1, "a", 100), delivery(2, "a", 100), delivery(3, "b", 7)];
        let [first, second, third] = deliveries.clone();
        let answers = vec![
            (first, replayed("r-1"), 0),
            (second, replayed("r-1"), 0),
            (third, Answer::Mismatch, 0),
        ];
        let mut half = half(answers, vec![]);
        half.others = vec![
            posting("a", 100, "r-1", true),
            posting("b", 5, "r-2", true),
            posting("of another file", 9, "r-3", true),
        ];
        let expected = Tally {
            deliveries: 3,
            replayed: 2,
            remembered: 1,
            mismatched: vec![3],
            ..Tally::default()
        };
        assert_eq!(Tally::of(&deliveries, &half), expected);
    }

    #[test]
    fn what_moves_again_in_another_run_is_wrong() {
        let deliveries = [delivery(1, "a", 100)];
        let answers = vec![(deliveries[0].clone(), ran("r-2", 1), 0)];
        let mut half = half(answers, vec![posting("a", 100, "r-2", true)]);
        half.others = vec![posting("a", 100, "r-1", true)];
        let tally = Tally::of(&deliveries, &half);
        assert_eq!((tally.effects, tally.moved_twice, tally.split), (1, 1, 1));
        assert_eq!(tally.remembered, 0);
        assert_eq!(tally.wrong, Money::from([("EUR".to_owned(), 100)]));
    }

    #[test]
    fn a_receipt_that_the_ledger_does_not_know_is_a_fault() {
        let deliveries = [delivery(1, "a", 100)];
        let mut half = half(vec![(deliveries[0].clone(), replayed("r-9"), 0)], vec![]);
        half.others = vec![posting("a", 100, "r-1", true)];
        assert_eq!(Tally::of(&deliveries, &half).split, 1);
    }
}
