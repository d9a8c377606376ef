//! A connection that is cut around the caller's commit, and a process that is killed before it.

use std::process::id;

use idem::{Error, Outcome};
use kit::process::Process;
use kit::proxy::Proxy;
use sqlx::Transaction;

use crate::bank::{self, Bank, Driver, PLAN, SOON, key};

on_every_server! {
    a_commit_whose_answer_was_lost_is_found_again
    a_transaction_that_was_cut_before_its_commit_never_was
    a_call_whose_connection_is_cut_says_so
}

/// A transaction by way of a proxy, with its call's statements asked once.
async fn by_proxy<DB: Driver>(bank: &Bank<DB>) -> (Proxy, Bank<DB>, Transaction<'static, DB>) {
    let proxy = Proxy::start(DB::server().address()).await;
    let through = bank.by_way_of(proxy.address());
    let mut tx = through.begin().await;
    through.pay(&bank.engine().await, &mut tx, 0, 0).await.0.unwrap();
    tx.commit().await.unwrap();
    let tx = through.begin().await;
    (proxy, through, tx)
}

async fn runs_again_as<DB: Driver>(bank: &Bank<DB>, value: i64, runs: bool) {
    let idem = bank.engine().await;
    kit::wait_for("the database to notice", SOON, async || {
        let mut tx = bank.begin().await;
        let (answer, outcome) = bank.pay(&idem, &mut tx, 1, value).await;
        tx.commit().await.unwrap();
        match answer {
            Ok(answer) => assert_eq!(answer, if runs { value } else { 10 }),
            Err(error) => {
                assert!(matches!(error, Error::InFlight { .. }), "{error:?}");
                return false;
            }
        }
        assert_eq!(matches!(outcome, Outcome::Ran { .. }), runs, "{outcome:?}");
        true
    })
    .await;
    assert_eq!(bank.entries_of(10).await + bank.entries_of(value).await, 1);
}

/// C35: what was committed is not run again because nobody heard of it.
async fn a_commit_whose_answer_was_lost_is_found_again<DB: Driver>(bank: Bank<DB>) {
    let (proxy, through, mut tx) = by_proxy(&bank).await;
    through.pay(&through.engine().await, &mut tx, 1, 10).await.0.unwrap();
    let swallowed = proxy.swallow_reply_to("COMMIT");
    tx.commit().await.unwrap_err();
    swallowed.landed().await;
    runs_again_as(&bank, 11, false).await;
}

async fn a_transaction_that_was_cut_before_its_commit_never_was<DB: Driver>(bank: Bank<DB>) {
    let (proxy, through, mut tx) = by_proxy(&bank).await;
    through.pay(&through.engine().await, &mut tx, 1, 10).await.0.unwrap();
    proxy.cut_all();
    tx.commit().await.unwrap_err();
    runs_again_as(&bank, 11, true).await;
}

/// At the claim, in the body, and at the result: never a success that nothing can commit.
async fn a_call_whose_connection_is_cut_says_so<DB: Driver>(bank: Bank<DB>) {
    for pattern in ["pay:1", &bank.entries, "json"] {
        let (proxy, through, mut tx) = by_proxy(&bank).await;
        let idem = through.engine().await;
        let held = proxy.hold_request(pattern);
        let (answer, _) = {
            let call = through.pay(&idem, &mut tx, 1, 10);
            tokio::join!(call, async {
                let _caught = held.caught().await;
                proxy.cut_all();
            })
            .0
        };
        let error = answer.unwrap_err();
        assert!(matches!(error, Error::Outage { .. }), "{pattern}: {error:?}");
        tx.commit().await.unwrap_err();
    }
    runs_again_as(&bank, 11, true).await;
}

/// In Postgres a call does not wait for its savepoint's end: who commits does, and is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_commits_waits_for_the_end_of_a_savepoint() {
    let bank = bank::postgres().await;
    // The first of a process waits, to see whether the next has to.
    let (proxy, through, mut tx) = by_proxy(&bank).await;
    for (key, cut) in [(1, false), (2, true)] {
        let held = proxy.hold_request("RELEASE SAVEPOINT");
        let call = through.pay(&through.engine().await, &mut tx, key, 10).await;
        assert_eq!(call.0.unwrap(), 10);
        let caught = held.caught().await;
        if cut {
            proxy.cut_all();
            tx.commit().await.unwrap_err();
            break;
        }
        let (committed, _) = tokio::join!(tx.commit(), caught.deliver());
        committed.unwrap();
        tx = through.begin().await;
    }
    assert_eq!(bank.entries_of(10).await, 1);
}

const KILLED: &str = "IDEM_TEST_KILLED_IN_A_TRANSACTION";

/// The program that is killed: between its call and its commit.
#[tokio::test]
async fn worker() {
    let Ok(told) = std::env::var(KILLED) else { return };
    let mut words = told.split(' ').map(str::to_owned);
    let mut word = || words.next().unwrap();
    match &*word() {
        "postgres" => uncommitted(bank::postgres_at(word(), word(), word())).await,
        "mariadb" => uncommitted(bank::mariadb_at(word(), word(), word())).await,
        _ => uncommitted(bank::sqlite_at(word(), word(), word())).await,
    }
}

async fn uncommitted<DB: Driver>(bank: Bank<DB>) {
    let idem = bank.engine().await;
    let mut tx = bank.begin().await;
    bank.pay(&idem, &mut tx, 1, 10).await.0.unwrap();
    println!("uncommitted {}.", id());
    std::future::pending::<()>().await;
}

/// H43: one effect, whatever the lease.
async fn a_process_is_killed_before_its_commit<DB: Driver>(name: &str, bank: Bank<DB>) {
    let program = std::env::current_exe().unwrap();
    let mut worker = Process::run(&program)
        .arg("lost::worker")
        .arg("--exact")
        .arg("--nocapture")
        .env(KILLED, format!("{name} {} {} {}", bank.url, bank.table, bank.entries))
        .start();
    worker.line_with("uncommitted", SOON).await;
    worker.kill();
    runs_again_as(&bank, 11, true).await;
    let durable = async { Ok::<i64, Error>(12) };
    assert_eq!(bank.engine().await.call(&PLAN, key(1), durable).await.unwrap(), 11);
}

#[tokio::test]
async fn a_process_is_killed_before_its_commit_to_postgres() {
    a_process_is_killed_before_its_commit("postgres", bank::postgres().await).await;
}

#[tokio::test]
async fn a_process_is_killed_before_its_commit_to_mariadb() {
    a_process_is_killed_before_its_commit("mariadb", bank::mariadb().await).await;
}

#[tokio::test]
async fn a_process_is_killed_before_its_commit_to_sqlite() {
    a_process_is_killed_before_its_commit("sqlite", bank::sqlite().await).await;
}
