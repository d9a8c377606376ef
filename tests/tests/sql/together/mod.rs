//! Calls that come at once: their claims and completions share statements and commits, and nobody
//! can tell.

mod ends;
mod held;
mod killed;
mod late;
mod lost;
mod process;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use idem::store::Settled;
use idem::{Error, Idem, Outcome, Plan, with_outcome};
use kit::database::Kind as Servers;
use kit::ledger::Ledger;
use sqlx::{AssertSqlSafe, PgPool, Row as _};
use tokio::sync::{Barrier, Semaphore};
use tokio::task::JoinHandle;

use crate::database::{Database, Kind, SOON, ask, key};

on_every_database! {
    two_processes_in_opposite_orders_run_each_key_once
    one_that_the_database_refuses_spoils_no_other
    one_that_was_purged_meanwhile_spoils_no_other_and_stays_so
    results_of_any_size_are_stored
}

/// Nothing is taken over within a test.
const PLAN: Plan = Plan::db().lease(Duration::from_hours(1));
/// So many calls at once, of these keys.
const MANY: std::ops::Range<u64> = 100..164;

/// A call of a key, in a task of its own.
type Call = (u64, JoinHandle<(Result<u64, Error>, Outcome)>);

/// Calls of these keys at once, whose bodies wait for `go`.
fn calls(
    idem: &Idem,
    numbers: impl Iterator<Item = u64>,
    go: &Arc<Semaphore>,
    runs: &Arc<AtomicUsize>,
) -> Vec<Call> {
    let calls = numbers.map(|number| {
        let (idem, go, runs) = (idem.clone(), Arc::clone(go), Arc::clone(runs));
        let call = async move {
            let body = async {
                runs.fetch_add(1, Ordering::SeqCst);
                let _pass = go.acquire().await;
                Ok::<_, Error>(number * 3)
            };
            with_outcome(idem.call(&PLAN, key(number), body)).await
        };
        (number, tokio::spawn(call))
    });
    calls.collect()
}

/// Bodies may go.
fn at_once() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(10_000))
}

async fn two_processes_in_opposite_orders_run_each_key_once(database: Database) {
    database.engine().await;
    let (ledger, start) = (Arc::new(Ledger::new()), Arc::new(Barrier::new(2)));
    let processes = [false, true].map(|reversed| {
        let (database, ledger) = (database.clone(), Arc::clone(&ledger));
        let start = Arc::clone(&start);
        tokio::spawn(async move {
            let idem = database.builder_with(5).build().await.unwrap();
            let mut numbers: Vec<u64> = (0..400).collect();
            if reversed {
                numbers.reverse();
            }
            start.wait().await;
            let calls = numbers.into_iter().map(|number| {
                let (idem, ledger) = (idem.clone(), Arc::clone(&ledger));
                tokio::spawn(async move {
                    let body = async {
                        ledger.append(&number.to_string(), "ran");
                        Ok::<_, Error>(number * 3)
                    };
                    let value = idem.call(&PLAN.wait(SOON), key(number), body).await;
                    assert_eq!(value.unwrap(), number * 3);
                })
            });
            for call in calls.collect::<Vec<_>>() {
                call.await.unwrap();
            }
        })
    });
    for process in processes {
        process.await.unwrap();
    }
    for number in 0..400_u64 {
        assert_eq!(ledger.count(&number.to_string()), 1, "{number}");
    }
}

/// A trigger refuses one name, whatever statement it comes in.
async fn one_that_the_database_refuses_spoils_no_other(database: Database) {
    let idem = database.engine().await;
    let table = &database.table;
    database
        .execute(&match database.kind {
            Kind::Server(Servers::Postgres) => format!(
                "create function refuse_{table}() returns trigger language plpgsql as $$ begin
                 if new.name like '%op:113' then raise 'poison'; end if; return new; end $$;
                 create trigger refuse before insert on {table} for each row
                 execute function refuse_{table}()"
            ),
            Kind::Server(Servers::MariaDb) => format!(
                "create trigger refuse_{table} before insert on {table} for each row
                 if new.name like '%op:113' then signal sqlstate '45000'; end if"
            ),
            Kind::Sqlite { .. } => format!(
                "create trigger refuse before insert on {table} when new.name like '%op:113'
                 begin select raise(abort, 'poison'); end"
            ),
        })
        .await;
    let runs = Arc::default();
    for (number, call) in calls(&idem, MANY, &at_once(), &runs) {
        match call.await.unwrap().0 {
            Ok(value) => assert_eq!(value, number * 3),
            Err(error) => {
                assert!(matches!(error, Error::Outage { .. }) && number == 113, "{error:?}");
            }
        }
    }
    assert_eq!(runs.load(Ordering::SeqCst), MANY.count() - 1);
    assert_eq!(database.rows().await, 63);
}

/// A person forgets a record whose body is running.
async fn one_that_was_purged_meanwhile_spoils_no_other_and_stays_so(database: Database) {
    let idem = database.engine().await;
    let (go, runs) = (Arc::new(Semaphore::new(0)), Arc::default());
    let calls = calls(&idem, MANY, &go, &runs);
    kit::wait_for("all to run", SOON, async || runs.load(Ordering::SeqCst) == 64).await;
    let fence = idem.get(&key(113_u64)).await.unwrap().unwrap().fence;
    assert_eq!(idem.purge(&key(113_u64), fence).await.unwrap(), Settled::Done);
    go.add_permits(10_000);
    for (number, call) in calls {
        let (value, outcome) = call.await.unwrap();
        assert_eq!(value.unwrap(), number * 3);
        let Outcome::Ran { stored, .. } = outcome else { panic!("{outcome:?}") };
        assert_eq!(stored, number != 113, "{number}");
    }
    assert!(idem.get(&key(113_u64)).await.unwrap().is_none());
    idem.sweep().await.unwrap();
    assert_eq!(database.rows().await, 63);
    assert_eq!(ask(&idem, &PLAN, 113).await.0.unwrap(), 77);
}

/// The largest ones go by themselves.
async fn results_of_any_size_are_stored(database: Database) {
    let (idem, elsewhere) = (database.engine().await, database.engine().await);
    let size = |number: u64| usize::try_from(number - 100).unwrap().pow(3);
    for engine in [&idem, &elsewhere] {
        let calls = MANY.map(|number| {
            let engine = engine.clone();
            let body = async move { Ok::<_, Error>("é".repeat(size(number))) };
            (number, tokio::spawn(async move { engine.call(&PLAN, key(number), body).await }))
        });
        for (number, call) in calls.collect::<Vec<_>>() {
            assert_eq!(call.await.unwrap().unwrap().chars().count(), size(number));
        }
    }
}

/// Postgres tells which transaction has written a row: fewer of them than rows, and none has
/// written both claims and completions.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn claims_share_commits_and_completions_do_but_not_with_each_other() {
    let database = Database::postgres();
    let idem = database.engine().await;
    // On a busy machine each statement would be over before the next call comes.
    let table = &database.table;
    database
        .execute(&format!(
            "create function slow_{table}() returns trigger language plpgsql
             as 'begin perform pg_sleep(0.02); return null; end';
             create trigger slow before insert or update on {table}
             for each statement execute function slow_{table}()"
        ))
        .await;
    let (go, runs) = (Arc::new(Semaphore::new(0)), Arc::default());
    let first = calls(&idem, MANY, &go, &runs);
    kit::wait_for("all to run", SOON, async || runs.load(Ordering::SeqCst) == 64).await;
    let pool = PgPool::connect(&database.url).await.unwrap();
    let writers = async |state: i16| -> HashSet<String> {
        let sql = format!("select xmin::text from {} where state = {state}", database.table);
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&pool).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    };
    let claims = writers(1).await;
    assert!(claims.len() < 32, "{claims:?}");
    // Completions of these, while others claim.
    let second = calls(&idem, 200..264, &go, &runs);
    go.add_permits(64);
    for (_, call) in first {
        call.await.unwrap().0.unwrap();
    }
    kit::wait_for("all to run", SOON, async || runs.load(Ordering::SeqCst) == 128).await;
    let (claims, completions) = (writers(1).await, writers(2).await);
    assert!(completions.len() < 32, "{completions:?}");
    assert!(claims.is_disjoint(&completions));
    go.add_permits(10_000);
    for (number, call) in second {
        assert_eq!(call.await.unwrap().0.unwrap(), number * 3);
    }
    let (_, outcome) = ask(&idem, &PLAN, 100).await;
    assert!(matches!(outcome, Outcome::Replayed { .. }), "{outcome:?}");
}
