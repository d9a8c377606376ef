//! What only a file has.

use std::process::id;
use std::sync::Arc;
use std::time::Duration;

use idem::{Builder, Error, Idem, Outcome, Plan, with_outcome};
use kit::ledger::Ledger;
use kit::place::sqlite_url;
use kit::process::Process;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use tempfile::TempDir;
use tokio::sync::Barrier;

use crate::database::{Database, Runs, SOON, ask, key};

const PLAN: Plan = Plan::db();

/// H60: each with a connection of its own, as processes have; none of them waits for long.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn thirty_two_writers_never_see_the_file_locked() {
    let database = Database::sqlite();
    let start = Arc::new(Barrier::new(32));
    let writers: Vec<_> = (0..32_u64)
        .map(|writer| {
            let (database, start) = (database.clone(), Arc::clone(&start));
            tokio::spawn(async move {
                let idem = database.engine().await;
                start.wait().await;
                for call in 0..10 {
                    assert_eq!(ask(&idem, &PLAN, writer * 100 + call).await.0.unwrap(), 77);
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(database.rows().await, 320);
}

/// The same by one engine on a pool whose connections don't wait for the file at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_process_never_locks_itself_out() {
    let database = Database::sqlite();
    database.engine().await;
    let options: SqliteConnectOptions = database.url.parse().unwrap();
    let pool = SqlitePoolOptions::new().max_connections(16);
    let pool = pool.connect_lazy_with(options.busy_timeout(Duration::ZERO));
    let idem = Idem::builder().sqlite(pool).table(&database.table).timeout(SOON);
    let idem = idem.build().await.unwrap();
    let calls: Vec<_> = (0..32_u64)
        .map(|writer| {
            let idem = idem.clone();
            tokio::spawn(async move {
                for call in 0..10 {
                    assert_eq!(ask(&idem, &PLAN, writer * 100 + call).await.0.unwrap(), 77);
                }
            })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
}

/// What completed is remembered when the program runs again, and the quickstart needs one line.
#[tokio::test]
async fn an_embedded_engine_remembers() {
    let folder = TempDir::with_prefix("idem-kit-").unwrap();
    let place = folder.path().join("made/by/itself");
    let runs = Runs::default();
    for expected in [1, 1] {
        let idem = Idem::embedded(&place).await.unwrap();
        assert_eq!(idem.call(&PLAN, key(1_u64), runs.body()).await.unwrap(), expected);
        idem.call(&Plan::setnx(), key(2_u64), async { Ok::<_, Error>(0) }).await.unwrap();
        assert_eq!(idem.shutdown(SOON).await, 0);
    }
    assert!(place.join("idem.sqlite").is_file());
}

#[tokio::test]
async fn a_pool_of_memories_is_refused() {
    let pool = |connections| {
        let pool = SqlitePoolOptions::new().max_connections(connections);
        pool.connect_lazy("sqlite::memory:").unwrap()
    };
    let refused = Idem::builder().sqlite(pool(2)).build().await.unwrap_err();
    assert!(refused.to_string().contains("in memory"), "{refused}");
    let idem = Idem::builder().sqlite(pool(1)).build().await.unwrap();
    idem.migrate().await.unwrap();
    assert_eq!(ask(&idem, &PLAN, 1).await.0.unwrap(), 77);
}

const LEDGER: &str = "IDEM_TEST_SQLITE_LEDGER";

/// What a killed process held stays held for as long as the test takes.
const HELD: Plan = Plan::db().lease(Duration::from_hours(1));

/// The program that is killed: it makes calls until it is.
#[tokio::test]
async fn worker() {
    let Ok(ledger) = std::env::var(LEDGER) else { return };
    let ledger = Ledger::at(ledger);
    let idem = Builder::from_env().unwrap().timeout(SOON).build().await.unwrap();
    idem.migrate().await.unwrap();
    for number in 1_u64.. {
        let body = async {
            ledger.append(&number.to_string(), &id().to_string());
            Ok::<_, Error>(number)
        };
        let (value, outcome) = with_outcome(idem.call(&HELD, key(number), body)).await;
        match value {
            Ok(value) => assert_eq!(value, number),
            // What the one before it held when it was killed.
            Err(error) => assert!(matches!(error, Error::InFlight { .. }), "{error:?}"),
        }
        if matches!(outcome, Outcome::Ran { .. }) {
            println!("completed {number}.");
        }
    }
}

/// `kill -9`, several times: what was said to be completed is so, and nothing has run twice.
#[tokio::test]
async fn the_file_survives_kill_9() {
    let (folder, ledger) = (TempDir::with_prefix("idem-kit-").unwrap(), Ledger::new());
    let program = std::env::current_exe().unwrap();
    for _ in 0..3 {
        let mut worker = Process::run(&program)
            .arg("sqlite::worker")
            .arg("--exact")
            .arg("--nocapture")
            .env("IDEM_DATABASE_URL", sqlite_url(folder.path()))
            .env(LEDGER, ledger.path().display().to_string())
            .start();
        for _ in 0..20 {
            worker.line_with("completed ", SOON).await;
        }
        worker.kill();
    }
    let idem = Idem::builder().database(sqlite_url(folder.path())).build().await.unwrap();
    let mut completed = 0;
    for number in 1..=60_u64 {
        let (runs, effects) = (Runs::default(), ledger.count(&number.to_string()));
        let (_, outcome) = with_outcome(idem.call(&HELD, key(number), runs.body())).await;
        match outcome {
            Outcome::Replayed { .. } => assert_eq!(effects, 1, "{number}"),
            // Cut off in the middle, before its effect or after.
            _ => assert!(effects <= 1, "{number}: {effects}"),
        }
        assert_eq!(runs.count(), 0, "{number}");
        completed += u32::from(matches!(outcome, Outcome::Replayed { .. }));
    }
    // At most one call of each process.
    assert!(completed >= 57, "{completed}");
}
