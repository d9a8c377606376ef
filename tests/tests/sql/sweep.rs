//! What has expired is deleted, and nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use idem::{Error, Idem, Outcome, Plan};
use tokio::sync::{Barrier, Semaphore};

use crate::database::{Database, Runs, SOON, ask, key};

on_every_database! {
    what_has_expired_is_deleted_in_batches
    live_claims_and_results_survive_a_sweep_flat_out
    what_is_taken_over_during_a_sweep_is_as_live_as_any
    what_has_expired_is_absent_without_a_sweep
    the_engine_sweeps_by_itself_until_shutdown
}

/// A plan whose records expire soon.
const BRIEF: Plan = Plan::db().ttl(Duration::from_secs(2)).lease(Duration::from_secs(1));

/// Calls so many keys.
async fn fill(idem: &Idem, plan: Plan, numbers: std::ops::Range<u64>) {
    let tasks = 8;
    let calls: Vec<_> = (0..tasks)
        .map(|task| {
            let (idem, numbers) = (idem.clone(), numbers.clone());
            tokio::spawn(async move {
                for number in numbers.skip(task).step_by(tasks) {
                    ask(&idem, &plan, number).await.0.unwrap();
                }
            })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
}

/// C113: two at once delete each record once. More than a batch, so there are several.
async fn what_has_expired_is_deleted_in_batches(database: Database) {
    let idem = database.builder().sweep_every(Duration::ZERO).build().await.unwrap();
    idem.migrate().await.unwrap();
    fill(&idem, BRIEF, 0..1200).await;
    fill(&idem, Plan::db(), 2000..2010).await;
    assert_eq!(database.rows().await, 1210);
    let (mut one, mut other) = (0, 0);
    let elsewhere = database.engine().await;
    kit::wait_for("all to expire", SOON, async || {
        let (here, there) = tokio::join!(idem.sweep(), elsewhere.sweep());
        (one, other) = (one + here.unwrap(), other + there.unwrap());
        one + other >= 1200
    })
    .await;
    assert_eq!((one + other, database.rows().await), (1200, 10));
}

/// H62
async fn live_claims_and_results_survive_a_sweep_flat_out(database: Database) {
    let idem = database.engine().await;
    let stop = Arc::new(AtomicBool::new(false));
    let sweepers: Vec<_> = [database.engine().await, database.engine().await]
        .into_iter()
        .map(|idem| {
            let stop = Arc::clone(&stop);
            tokio::spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    idem.sweep().await.unwrap();
                }
            })
        })
        .collect();
    // Renewed for several of its own retentions.
    let claims: Vec<_> = (0..10_u64)
        .map(|number| {
            let idem = idem.clone();
            tokio::spawn(async move {
                // Long enough for a disk that does other things, too.
                let plan = Plan::db().ttl(Duration::from_secs(6)).lease(Duration::from_secs(3));
                let body = async {
                    tokio::time::sleep(Duration::from_secs(13)).await;
                    Ok::<_, Error>(number)
                };
                idem::with_outcome(idem.call(&plan, key(number), body)).await
            })
        })
        .collect();
    fill(&idem, Plan::db(), 100..200).await;
    fill(&idem, BRIEF, 200..300).await;
    for (number, claim) in claims.into_iter().enumerate() {
        let (value, outcome) = claim.await.unwrap();
        assert_eq!(value.unwrap(), number as u64);
        assert!(matches!(outcome, Outcome::Ran { attempt: 1, stored: true, .. }), "{outcome:?}");
    }
    for number in 100..200 {
        let (_, outcome) = ask(&idem, &Plan::db(), number).await;
        assert!(matches!(outcome, Outcome::Replayed { .. }), "{outcome:?}");
    }
    stop.store(true, Ordering::SeqCst);
    for sweeper in sweepers {
        sweeper.await.unwrap();
    }
}

/// Sweepers and calls meet at the same expired records: each of these is deleted or taken over.
async fn what_is_taken_over_during_a_sweep_is_as_live_as_any(database: Database) {
    const MANY: u64 = 50;
    let builder = || database.builder().sweep_every(Duration::ZERO);
    let idem = builder().build().await.unwrap();
    idem.migrate().await.unwrap();
    let sweepers = [builder().build().await.unwrap(), builder().build().await.unwrap()];
    // Nothing is renewed: a lease would tell what a sweep has done.
    let plan = Plan::db().lease(Duration::from_hours(1));
    fill(&idem, plan, 0..MANY).await;
    for _ in 0..8 {
        database.expire().await;
        let start = Arc::new(Barrier::new(sweepers.len() + 1));
        let (rounds, go) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
        let sweeping = sweepers.clone().map(|idem| {
            let (start, rounds) = (Arc::clone(&start), Arc::clone(&rounds));
            tokio::spawn(async move {
                start.wait().await;
                loop {
                    idem.sweep().await.unwrap();
                    rounds.fetch_add(1, Ordering::SeqCst);
                }
            })
        });
        start.wait().await;
        let (begun, runs) = (Arc::new(AtomicUsize::new(0)), MANY.try_into().unwrap());
        let calls: Vec<_> = (0..MANY)
            .map(|number| {
                let (idem, go, begun) = (idem.clone(), Arc::clone(&go), Arc::clone(&begun));
                tokio::spawn(async move {
                    let body = async {
                        begun.fetch_add(1, Ordering::SeqCst);
                        let _pass = go.acquire().await;
                        Ok::<_, Error>(77_usize)
                    };
                    idem::with_outcome(idem.call(&plan, key(number), body)).await
                })
            })
            .collect();
        // All run, and sweeps have come and gone since.
        kit::wait_for("all to run", SOON, async || begun.load(Ordering::SeqCst) == runs).await;
        let swept = rounds.load(Ordering::SeqCst);
        kit::wait_for("sweeps", SOON, async || rounds.load(Ordering::SeqCst) > swept + 4).await;
        go.add_permits(runs);
        for call in calls {
            let (value, outcome) = call.await.unwrap();
            assert_eq!(value.unwrap(), 77);
            assert!(matches!(outcome, Outcome::Ran { stored: true, .. }), "{outcome:?}");
        }
        for sweeper in sweeping {
            sweeper.abort();
            assert!(sweeper.await.unwrap_err().is_cancelled());
        }
        for sweeper in &sweepers {
            assert_eq!(sweeper.sweep().await.unwrap(), 0);
        }
        for number in 0..MANY {
            let (_, outcome) = ask(&idem, &plan, number).await;
            assert!(matches!(outcome, Outcome::Replayed { .. }), "{number}: {outcome:?}");
        }
    }
    assert_eq!(database.rows().await, 50);
}

/// H62: an expired key runs again though nobody swept, in the same row.
async fn what_has_expired_is_absent_without_a_sweep(database: Database) {
    let idem = database.builder().sweep_every(Duration::ZERO).build().await.unwrap();
    idem.migrate().await.unwrap();
    let runs = Runs::default();
    idem.call(&BRIEF, key(1_u64), runs.body()).await.unwrap();
    kit::wait_for("the record to expire", SOON, async || {
        idem.call(&BRIEF, key(1_u64), runs.body()).await.unwrap() == 2
    })
    .await;
    assert_eq!(database.rows().await, 1);
}

async fn the_engine_sweeps_by_itself_until_shutdown(database: Database) {
    let idem = database.builder().sweep_every(Duration::from_millis(50)).build().await.unwrap();
    idem.migrate().await.unwrap();
    fill(&idem, BRIEF, 0..5).await;
    kit::wait_for("the rows to go", SOON, async || database.rows().await == 0).await;
    assert_eq!(idem.shutdown(SOON).await, 0);
    fill(&idem, BRIEF, 0..5).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(database.rows().await, 5);
}
