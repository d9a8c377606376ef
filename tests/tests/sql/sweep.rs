//! What has expired is deleted, and nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use idem::{Error, Idem, Outcome, Plan};
use kit::database::Kind as Servers;
use tokio::sync::{Barrier, Semaphore};

use crate::database::{Database, Kind, Runs, SOON, ask, key};

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

/// What a statement deletes at most.
const BATCH: i64 = 1000;

/// Notes of each row that goes when the statement began that deletes it, and where.
async fn note_deletions(database: &Database) -> String {
    let (table, notes) = (&database.table, format!("{}_deleted", database.table));
    let script = match database.kind {
        Kind::Server(Servers::Postgres) => format!(
            "create table {notes} (began timestamptz, place integer);
             create function note_{table}() returns trigger language plpgsql as $$ begin
                 insert into {notes} values (statement_timestamp(), pg_backend_pid());
                 return old;
             end $$;
             create trigger note before delete on {table} for each row
                 execute function note_{table}()"
        ),
        // In a trigger this is the time at which its statement began.
        Kind::Server(Servers::MariaDb) => format!(
            "create table {notes} (began datetime(6), place bigint);
             create trigger note_{table} before delete on {table} for each row
                 insert into {notes} values (now(6), connection_id())"
        ),
        // One writer at a time, and a statement has one time.
        Kind::Sqlite { .. } => format!(
            "create table {notes} (began text, place integer);
             create trigger note before delete on {table} begin
                 insert into {notes} values (strftime('%s %f', 'now'), 0);
             end"
        ),
    };
    database.execute(&script).await;
    notes
}

/// C113: no statement deletes more than a batch, and two sweeps at once delete each record once.
async fn what_has_expired_is_deleted_in_batches(database: Database) {
    const EXPIRED: i64 = BATCH + 100;
    let idem = database.builder().sweep_every(Duration::ZERO).build().await.unwrap();
    let elsewhere = database.builder().sweep_every(Duration::ZERO).build().await.unwrap();
    idem.migrate().await.unwrap();
    fill(&idem, Plan::db(), 0..EXPIRED.unsigned_abs()).await;
    database.expire().await;
    fill(&idem, Plan::db(), 2000..2010).await;
    let notes = note_deletions(&database).await;
    let all = format!("select count(*) from {notes}");
    assert_eq!(idem.sweep().await.unwrap(), EXPIRED.unsigned_abs());
    let most = format!(
        "select max(deleted) from
            (select count(*) as deleted from {notes} group by began, place) as each_of"
    );
    let most = database.number(&most).await;
    assert!(most <= BATCH, "{most} by one statement");
    assert_eq!((database.number(&all).await, database.rows().await), (EXPIRED, 10));

    database.expire().await;
    fill(&idem, Plan::db(), 3000..3010).await;
    // What one has in its hands the other may leave to the next sweep.
    let mut swept = 0;
    kit::wait_for("all to be swept", SOON, async || {
        let (here, there) = tokio::join!(idem.sweep(), elsewhere.sweep());
        swept += here.unwrap() + there.unwrap();
        swept >= 10
    })
    .await;
    assert_eq!((swept, database.rows().await), (10, 10));
    assert_eq!(database.number(&all).await, EXPIRED + 10, "each once");
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

/// Also of an engine that is dropped without one.
async fn the_engine_sweeps_by_itself_until_shutdown(database: Database) {
    let by_hand = database.builder().sweep_every(Duration::ZERO).build().await.unwrap();
    by_hand.migrate().await.unwrap();
    for shut_down in [true, false] {
        let sweeps = database.builder().sweep_every(Duration::from_millis(30));
        let idem = sweeps.build().await.unwrap();
        fill(&by_hand, Plan::db(), 0..5).await;
        database.expire().await;
        kit::wait_for("the rows to go", SOON, async || database.rows().await == 0).await;
        if shut_down {
            assert_eq!(idem.shutdown(SOON).await, 0);
        }
        drop(idem);
        fill(&by_hand, Plan::db(), 0..5).await;
        database.expire().await;
        // For a dozen of its pauses.
        tokio::time::sleep(Duration::from_millis(400)).await;
        assert_eq!(database.rows().await, 5, "{shut_down}");
        assert_eq!(by_hand.sweep().await.unwrap(), 5);
    }
}
