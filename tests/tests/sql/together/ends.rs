//! A process that ends just before and just after the statement of a batch.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use idem::store::State;
use idem::{Error, Idem, Outcome, Plan, with_outcome};
use kit::ledger::Ledger;
use kit::process::Starting;
use tokio::sync::{Barrier, Semaphore};

use super::MANY;
use super::process::{self, COMPLETED};
use crate::database::{Database, SOON, ask, key};

on_every_database! {
    no_end_of_a_batch_is_a_bad_one_to_die_at
}

const LEASE: Duration = Duration::from_secs(2);
pub(super) const PLAN: Plan = Plan::db().lease(LEASE);
/// By then the next call has run, though others held the key.
const SETTLED: Duration = LEASE.saturating_mul(2);
/// By a signal: 128 and the number of `SIGABRT`.
const ENDED: i32 = 134;

/// The program that ends: it makes all calls at once, and their bodies end when it is told so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worker() {
    let Some((idem, ledger)) = process::given().await else { return };
    let (go, runs) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
    // One that calls while the others are still being spawned is answered alone, with no batch.
    let all_there = Arc::new(Barrier::new(MANY.count()));
    for number in MANY {
        let (idem, ledger) = (idem.clone(), Arc::clone(&ledger));
        let (go, runs) = (Arc::clone(&go), Arc::clone(&runs));
        let all_there = Arc::clone(&all_there);
        tokio::spawn(async move {
            let body = async {
                ledger.append(&number.to_string(), "ran");
                if runs.fetch_add(1, Ordering::SeqCst) + 1 == MANY.count() {
                    println!("all run");
                }
                let _pass = go.acquire().await;
                Ok::<_, Error>(number)
            };
            all_there.wait().await;
            let (_, outcome) = with_outcome(idem.call(&PLAN, key(number), body)).await;
            println!("{number}: {outcome:?}");
            if matches!(outcome, Outcome::Ran { stored: true, .. }) {
                ledger.append(COMPLETED, &number.to_string());
            }
        });
    }
    let told = tokio::task::spawn_blocking(|| std::io::stdin().lines().next());
    told.await.unwrap().unwrap().unwrap();
    go.add_permits(MANY.count());
    std::future::pending::<()>().await;
}

pub(super) fn worker_on(database: &Database, ledger: &Ledger) -> Starting {
    process::on(database, ledger, "ends::worker")
}

async fn no_end_of_a_batch_is_a_bad_one_to_die_at(database: Database) {
    for (point, all_run) in [
        ("before claims 1", false),
        ("after claims 1", false),
        ("before completions 1", true),
        ("after completions 1", true),
    ] {
        let database = database.with_another_table();
        let (idem, ledger) = (database.engine().await, Ledger::new());
        println!("{point}");
        let mut worker = worker_on(&database, &ledger)
            .env("IDEM_CRASH_AT", point)
            .env("IDEM_CRASH_TRACE", "1")
            .start();
        if all_run {
            worker.line_with("all run", SOON).await;
            worker.say("go");
        }
        assert_eq!(worker.exit_status(SOON).await, ENDED, "{point}");
        let died = Instant::now();
        let stands = what_stands(&idem).await;
        let running = stands.iter().filter(|it| **it == Some(State::Running)).count();
        let ran = ledger.entries().iter().filter(|(_, note)| note == "ran").count();
        let stored = stands.len() - running - stands.iter().filter(|it| it.is_none()).count();
        let told = ledger.count(COMPLETED);
        match point {
            // What was sent has committed, and nobody has been told.
            "after claims 1" => assert!(running > ran, "{running} claims, {ran} run"),
            "after completions 1" => assert!(stored > told, "{stored} stored, {told} told"),
            _ => {}
        }
        all_settle(&idem, &ledger, &stands, died).await;
    }
}

pub(super) async fn what_stands(idem: &Idem) -> Vec<Option<State>> {
    let mut stands = Vec::new();
    for number in MANY {
        let entry = idem.get(&key(number)).await.unwrap();
        stands.push(entry.map(|entry| entry.state.unwrap()));
    }
    stands
}

/// What is stored replays, and the rest runs once more, as soon as it may.
pub(super) async fn all_settle(
    idem: &Idem,
    ledger: &Ledger,
    stands: &[Option<State>],
    died: Instant,
) {
    let calls = MANY.map(|number| {
        let idem = idem.clone();
        tokio::spawn(async move {
            let answer = ask(&idem, &PLAN.wait(SOON), number).await;
            (answer, died.elapsed())
        })
    });
    let calls: Vec<_> = calls.collect();
    let told = ledger.notes(COMPLETED);
    for ((number, call), stood) in MANY.zip(calls).zip(stands) {
        let ((value, outcome), taken) = call.await.unwrap();
        let is_stored = *stood == Some(State::Completed);
        assert!(is_stored || !told.contains(&number.to_string()), "{number} is lost");
        if is_stored {
            assert!(matches!(outcome, Outcome::Replayed { .. }), "{number}: {outcome:?}");
            assert_eq!(value.unwrap() as u64, number);
        } else {
            assert!(matches!(outcome, Outcome::Ran { stored: true, .. }), "{number}: {outcome:?}");
            assert_eq!(value.unwrap(), 77);
        }
        assert!(taken < SETTLED, "{number}: {taken:?}");
        assert!(ledger.count(&number.to_string()) <= 1, "{number} has run twice");
    }
}
