//! Many at once: exactly one has its way.

use std::sync::Arc;

use tokio::sync::Barrier;

use super::nodes::{Nodes, Slot, won};
use super::{Claimant, completed, freed};
use crate::store::{Change, Claim, Claimed, Record, Settled, Store};

const CLAIMANTS: usize = 50;
const ROUNDS: usize = 10;

/// Sends claims at once, half of them through each node.
async fn race<S: Store>(
    slot: &Slot<S>,
    nodes: &Nodes<S>,
    claims: usize,
    over: Option<&Record>,
    beside: impl Future<Output = ()>,
    start: &Arc<Barrier>,
) -> Vec<(Record, Claimed)> {
    race_of(Claimant::new, slot, nodes, claims, over, beside, start).await
}

/// The same of claimants of this kind.
async fn race_of<S: Store>(
    claimant: fn() -> Claimant,
    slot: &Slot<S>,
    nodes: &Nodes<S>,
    claims: usize,
    over: Option<&Record>,
    beside: impl Future<Output = ()>,
    start: &Arc<Barrier>,
) -> Vec<(Record, Claimed)> {
    let tasks: Vec<_> = (0..claims)
        .map(|at| {
            let node = Arc::clone(&nodes.each()[at % 2]);
            let (name, over, start) = (slot.name().clone(), over.cloned(), Arc::clone(start));
            tokio::spawn(async move {
                let claimant = claimant();
                let record = match &over {
                    Some(over) => claimant.claims_over(over),
                    None => claimant.claims(),
                };
                start.wait().await;
                let claim = Claim::new(&name, &record, over.as_ref());
                let claimed = node.claim(claim).await.expect("the store answers a claim");
                (record, claimed)
            })
        })
        .collect();
    beside.await;
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.expect("no claim panics"));
    }
    answers
}

/// The records of those who were told that they have won.
fn winners(answers: &[(Record, Claimed)]) -> Vec<Record> {
    let winner = |(record, claimed): &(Record, Claimed)| match claimed {
        Claimed::Won { fence } => Some(won(record, *fence)),
        Claimed::Found(_) | Claimed::Vanished => None,
    };
    answers.iter().filter_map(winner).collect()
}

/// Every claim that was not won has found this record.
fn others_found(answers: &[(Record, Claimed)], record: &Record) {
    for (_, claimed) in answers {
        if let Claimed::Found(found) = claimed {
            assert_eq!(&found.record, record, "who did not win finds who did");
        }
    }
}

async fn one_wins<S: Store>(slot: &Slot<S>, nodes: &Nodes<S>, over: Option<&Record>) {
    one_of_them_wins(Claimant::new, slot, nodes, over).await;
}

async fn one_of_them_wins<S: Store>(
    claimant: fn() -> Claimant,
    slot: &Slot<S>,
    nodes: &Nodes<S>,
    over: Option<&Record>,
) -> Record {
    let start = Arc::new(Barrier::new(CLAIMANTS));
    let answers = race_of(claimant, slot, nodes, CLAIMANTS, over, async {}, &start).await;
    let mut winners = winners(&answers);
    assert_eq!(winners.len(), 1, "one of {CLAIMANTS} claims at once is won");
    let winner = winners.remove(0);
    others_found(&answers, &winner);
    slot.holds(&winner, "it has won").await;
    winner
}

/// Of fifty counted claims at once, of an absent, a free or a lapsed name, one is won, and counted.
/// This is promised by a store that counts, as its [`Store::COUNTS`] says.
pub async fn of_fifty_counted_claims_one_is_counted<S: Store>(nodes: Nodes<S>) {
    Nodes::<S>::must_count();
    let counted = || Claimant::new().counted();
    let brief = || Claimant::new().counted().lease(std::time::Duration::from_millis(1));
    for _ in 0..ROUNDS {
        let slot = nodes.slot();
        let first = one_of_them_wins(counted, &slot, &nodes, None).await;
        assert_eq!(first.spent(), Some(1), "it is the first");
        let free = freed(&first);
        slot.done(&first, Change::Release(&free)).await;
        let second = one_of_them_wins(brief, &slot, &nodes, Some(&free)).await;
        assert_eq!(second.spent(), Some(1), "the first was given back");
        slot.until_lapsed().await;
        let third = one_of_them_wins(counted, &slot, &nodes, Some(&second)).await;
        assert_eq!(third.spent(), Some(2), "the second has lapsed");
    }
}

/// Of fifty claims of an absent name at once one wins, and the others find it.
pub async fn one_of_fifty_claims_wins_an_absent_name<S: Store>(nodes: Nodes<S>) {
    for _ in 0..ROUNDS {
        one_wins(&nodes.slot(), &nodes, None).await;
    }
}

/// Of fifty claims over a lapsed record at once one wins, and the others find it.
pub async fn one_of_fifty_claims_wins_a_lapsed_name<S: Store>(nodes: Nodes<S>) {
    for _ in 0..ROUNDS {
        let slot = nodes.slot();
        let lapsed = slot.lapsed().await;
        one_wins(&slot, &nodes, Some(&lapsed)).await;
    }
}

/// Of fifty claims over a free record at once one wins, and the others find it.
pub async fn one_of_fifty_claims_wins_a_free_name<S: Store>(nodes: Nodes<S>) {
    for _ in 0..ROUNDS {
        let slot = nodes.slot();
        let running = slot.win(&Claimant::new().claims(), None).await;
        let free = freed(&running);
        slot.done(&running, Change::Release(&free)).await;
        one_wins(&slot, &nodes, Some(&free)).await;
    }
}

/// A late completion and a takeover at once: either the result is stored and nobody takes over, or
/// one takes over and the completion is lost.
pub async fn a_completion_and_a_takeover_exclude_each_other<S: Store>(nodes: Nodes<S>) {
    for _ in 0..ROUNDS {
        let slot = nodes.slot();
        let lapsed = slot.lapsed().await;
        let done = completed(&lapsed, b"late");
        settle_in_a_race(&slot, &nodes, &lapsed, Change::Complete(&done), &done).await;
    }
}

/// A late renewal and a takeover at once: either the lease is live again and nobody takes over, or
/// one takes over and the renewal is lost.
pub async fn a_renewal_and_a_takeover_exclude_each_other<S: Store>(nodes: Nodes<S>) {
    for _ in 0..ROUNDS {
        let slot = nodes.slot();
        // A lease long enough for the race to be over within it, once it is renewed.
        let lease = std::time::Duration::from_millis(30);
        let lapsed = slot.win(&Claimant::new().lease(lease).claims(), None).await;
        slot.until_lapsed().await;
        let sent = std::time::Instant::now();
        let start = Arc::new(Barrier::new(3));
        let mut settled = Settled::Lost;
        let renewal = async {
            start.wait().await;
            settled = slot.settle(&lapsed, Change::Renew).await;
        };
        let answers = race(&slot, &nodes, 2, Some(&lapsed), renewal, &start).await;
        let winners = winners(&answers);
        assert!(winners.len() < 2, "one lapsed lease was taken twice");
        if settled == Settled::Lost {
            assert_eq!(winners.len(), 1, "the renewal was lost to nobody");
        } else if sent.elapsed() < lease {
            assert_eq!(winners.len(), 0, "a renewed lease was taken");
            slot.holds(&lapsed, "it was renewed").await;
        }
    }
}

async fn settle_in_a_race<S: Store>(
    slot: &Slot<S>,
    nodes: &Nodes<S>,
    running: &Record,
    change: Change<'_>,
    settled_as: &Record,
) {
    let start = Arc::new(Barrier::new(5));
    let mut settled = Settled::Lost;
    let settling = async {
        start.wait().await;
        settled = slot.settle(running, change).await;
    };
    let answers = race(slot, nodes, 4, Some(running), settling, &start).await;
    let winners = winners(&answers);
    let stands = match (settled, &winners[..]) {
        (Settled::Done, []) => settled_as,
        (Settled::Lost, [winner]) => winner,
        (settled, winners) => panic!("{settled:?}, and {} have taken over", winners.len()),
    };
    others_found(&answers, stands);
    slot.holds(stands, "it has won").await;
}
