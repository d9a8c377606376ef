//! A process that is killed in the middle of its batches.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use idem::{Error, Outcome, with_outcome};
use kit::ledger::Ledger;

use super::PLAN;
use super::process::{self, COMPLETED};
use crate::database::{Database, Runs, SOON, key};

on_every_database! {
    what_a_killed_process_said_is_so_and_nothing_runs_twice
}

/// How many calls a process has on their way.
const CALLERS: u64 = 64;

/// The program that is killed: it makes calls until it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worker() {
    let Some((idem, ledger)) = process::given().await else { return };
    let (next, done) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(1)));
    let callers = (0..CALLERS).map(|_| {
        let (idem, ledger) = (idem.clone(), Arc::clone(&ledger));
        let (next, done) = (Arc::clone(&next), Arc::clone(&done));
        tokio::spawn(async move {
            for number in std::iter::repeat_with(|| next.fetch_add(1, Ordering::SeqCst)) {
                let body = async {
                    ledger.append(&number.to_string(), "ran");
                    Ok::<_, Error>(number)
                };
                let (value, outcome) = with_outcome(idem.call(&PLAN, key(number), body)).await;
                match value {
                    Ok(value) => assert_eq!(value, number),
                    // What the one before it held when it was killed.
                    Err(error) => assert!(matches!(error, Error::InFlight { .. }), "{error:?}"),
                }
                if matches!(outcome, Outcome::Ran { stored: true, .. }) {
                    ledger.append(COMPLETED, &number.to_string());
                    println!("{} are done.", done.fetch_add(1, Ordering::SeqCst));
                }
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
}

async fn what_a_killed_process_said_is_so_and_nothing_runs_twice(database: Database) {
    let (idem, ledger) = (database.engine().await, Ledger::new());
    for _ in 0..3 {
        let mut worker = process::on(&database, &ledger, "killed::worker").start();
        worker.line_with("200 are done.", SOON).await;
        worker.kill();
    }
    let completed = ledger.notes(COMPLETED);
    assert!(completed.len() >= 600, "{}", completed.len());
    for number in completed {
        let (runs, number) = (Runs::default(), number.parse::<u64>().unwrap());
        let (_, outcome) = with_outcome(idem.call(&PLAN, key(number), runs.body())).await;
        assert!(matches!(outcome, Outcome::Replayed { .. }), "{number}: {outcome:?}");
    }
    // Also those that were cut off in the middle, before or after their effect.
    let effects = ledger.entries();
    let effects = effects.iter().filter(|(key, _)| key != COMPLETED);
    let mut ran = HashSet::new();
    for (number, _) in effects {
        assert!(ran.insert(number), "{number} has run twice");
    }
}
