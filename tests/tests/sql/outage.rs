//! A server that stops, dies and comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use idem::{Error, Idem, Outcome, Plan, with_outcome};
use kit::database::{Kind, Server};
use kit::ledger::Ledger;

use crate::database::{Database, Runs, SOON, ask, key};

/// Long enough for a completion to be stored once the server is back; short enough for a claim
/// whose caller gave up to be taken over within a test.
const PLAN: Plan = Plan::db().lease(Duration::from_secs(12));

/// Calls its keys again and again until each has been answered by a value.
async fn work(idem: Idem, worker: u64, ledger: Arc<Ledger>, answered: Arc<AtomicUsize>) {
    for number in worker * 1000..worker * 1000 + 40 {
        loop {
            let body = async {
                ledger.append(&number.to_string(), "ran");
                Ok::<_, Error>(number)
            };
            match idem.call(&PLAN, key(number), body).await {
                Ok(value) => {
                    assert_eq!(value, number);
                    break;
                }
                Err(error) => {
                    assert!(error.is_retryable(), "{error:?}");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
        answered.fetch_add(1, Ordering::SeqCst);
    }
}

async fn restarted_under_load(kind: Kind, kill: bool) {
    let mut server = Server::start(kind);
    let database = Database::at(&server);
    let (ledger, answered) = (Arc::new(Ledger::new()), Arc::new(AtomicUsize::new(0)));
    let mut workers = Vec::new();
    for worker in 1..=6 {
        // Two processes, and each key has two callers.
        for _ in 0..2 {
            let idem = database.engine().await;
            workers.push(tokio::spawn(work(
                idem,
                worker,
                Arc::clone(&ledger),
                Arc::clone(&answered),
            )));
        }
    }
    for so_many in [20, 120] {
        kit::wait_for("work to be done", SOON, async || answered.load(Ordering::SeqCst) >= so_many)
            .await;
        if kill {
            server.kill();
        } else {
            server.stop();
        }
        server.start_again();
    }
    for worker in workers {
        tokio::time::timeout(Duration::from_secs(90), worker).await.unwrap().unwrap();
    }
    for worker in 1..=6_u64 {
        for number in worker * 1000..worker * 1000 + 40 {
            assert_eq!(ledger.count(&number.to_string()), 1, "{number}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_restarted_under_load() {
    restarted_under_load(Kind::Postgres, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_killed_under_load() {
    restarted_under_load(Kind::Postgres, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mariadb_restarted_under_load() {
    restarted_under_load(Kind::MariaDb, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mariadb_killed_under_load() {
    restarted_under_load(Kind::MariaDb, true).await;
}

/// H38: the server is gone when the body is done: its caller has the value, and the result is
/// stored once the server is back.
async fn gone_at_completion(kind: Kind) {
    let mut server = Server::start(kind);
    let database = Database::at(&server);
    let builder = database.builder().timeout(Duration::from_millis(500));
    let idem = builder.build().await.unwrap();
    idem.migrate().await.unwrap();
    let body = async {
        server.kill();
        Ok::<_, Error>(5)
    };
    let plan = Plan::db().lease(Duration::from_mins(5)).ttl(Duration::from_hours(1));
    let (value, outcome) = with_outcome(idem.call(&plan, key(1_u64), body)).await;
    assert_eq!(value.unwrap(), 5);
    assert!(matches!(outcome, Outcome::Ran { stored: false, .. }), "{outcome:?}");
    // The claim can't be had meanwhile; and while the server is gone, nothing runs.
    let runs = Runs::default();
    let refused = idem.call(&plan, key(2_u64), runs.body()).await.unwrap_err();
    assert!(matches!(refused, Error::Outage { .. }), "{refused:?}");
    server.start_again();
    let elsewhere = database.engine().await;
    kit::wait_for("the result to be stored", SOON, async || {
        let answer = elsewhere.call(&plan, key(1_u64), runs.body()).await;
        assert!(matches!(answer, Ok(5) | Err(Error::InFlight { .. })), "{answer:?}");
        answer.is_ok()
    })
    .await;
    assert_eq!(runs.count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_gone_at_completion() {
    gone_at_completion(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mariadb_gone_at_completion() {
    gone_at_completion(Kind::MariaDb).await;
}

/// A server that answers nothing is an outage in the step's time, and its connections are not kept.
async fn hung(kind: Kind) {
    let mut server = Server::start(kind);
    let database = Database::at(&server);
    let builder = database.builder_with(2).timeout(Duration::from_millis(500));
    let idem = builder.build().await.unwrap();
    idem.migrate().await.unwrap();
    ask(&idem, &PLAN, 1).await.0.unwrap();
    server.pause();
    let hung = AtomicBool::new(false);
    for number in 1..4 {
        let error = ask(&idem, &PLAN, number).await.0.unwrap_err();
        assert!(matches!(error, Error::Outage { .. }), "{error:?}");
        hung.store(true, Ordering::SeqCst);
    }
    server.resume();
    kit::wait_for("the server to answer", SOON, async || ask(&idem, &PLAN, 1).await.0.is_ok())
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_hangs_is_an_outage() {
    hung(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mariadb_that_hangs_is_an_outage() {
    hung(Kind::MariaDb).await;
}
