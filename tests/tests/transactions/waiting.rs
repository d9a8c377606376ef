//! A call of a key that another transaction has in its hands. In SQLite that one has the file.

use std::sync::Arc;
use std::time::{Duration, Instant};

use idem::{Error, Outcome};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use crate::bank::{Bank, Driver, PLAN, SOON, end, key};

on_every_server! {
    a_duplicate_of_an_uncommitted_call_is_told_at_once
    a_waiter_gets_the_result_of_what_commits
    a_waiter_runs_when_the_first_rolls_back
    a_waiter_gives_up_when_its_time_is_over
    a_waiter_holds_up_nobody
    another_key_is_not_held_up
}

/// A transaction with a call in it, which ends when it is told how.
struct First {
    commit: oneshot::Sender<bool>,
    ended: JoinHandle<()>,
}

impl First {
    async fn uncommitted<DB: Driver>(bank: &Bank<DB>) -> Self {
        let (commit, told) = oneshot::channel();
        let (idem, bank) = (bank.engine().await, bank.clone());
        let has_run = Arc::new(Notify::new());
        let running = Arc::clone(&has_run);
        let ended = tokio::spawn(async move {
            let mut tx = bank.begin().await;
            bank.pay(&idem, &mut tx, 1, 10).await.0.unwrap();
            running.notify_one();
            end(tx, told.await.unwrap()).await;
        });
        has_run.notified().await;
        Self { commit, ended }
    }

    async fn end(self, commit: bool) {
        self.commit.send(commit).unwrap();
        self.ended.await.unwrap();
    }
}

/// H55
async fn a_duplicate_of_an_uncommitted_call_is_told_at_once<DB: Driver>(bank: Bank<DB>) {
    let (first, idem) = (First::uncommitted(&bank).await, bank.engine().await);
    let mut tx = bank.begin().await;
    bank.enter(&mut tx, 1).await;
    for _ in 0..3 {
        let (answer, outcome) = bank.pay(&idem, &mut tx, 1, 11).await;
        let error = answer.unwrap_err();
        assert!(matches!(error, Error::InFlight { .. }), "{error:?}");
        assert!(error.retry_after() > Some(Duration::ZERO));
        assert_eq!(outcome, Outcome::Refused);
        bank.enter(&mut tx, 1).await;
    }
    first.end(true).await;
    tx.commit().await.unwrap();
    assert_eq!((bank.entries_of(1).await, bank.entries_of(10).await), (4, 1));
}

async fn waited<DB: Driver>(bank: &Bank<DB>, commit: bool) -> (Result<i64, Error>, Outcome) {
    let (first, idem) = (First::uncommitted(bank).await, bank.engine().await);
    let mut tx = bank.begin().await;
    bank.enter(&mut tx, 1).await;
    let plan = PLAN.wait(SOON);
    let waiting = DB::call(&idem, &mut tx, &plan, key(1), bank.body(11));
    let ending = async {
        // Time enough to have asked once: nothing tells when the waiter has.
        tokio::time::sleep(Duration::from_secs(1)).await;
        first.end(commit).await;
    };
    let (answer, ()) = tokio::join!(waiting, ending);
    bank.enter(&mut tx, 1).await;
    tx.commit().await.unwrap();
    assert_eq!(bank.entries_of(1).await, 2);
    answer
}

async fn a_waiter_gets_the_result_of_what_commits<DB: Driver>(bank: Bank<DB>) {
    let (answer, outcome) = waited(&bank, true).await;
    assert_eq!((answer.unwrap(), outcome), (10, Outcome::Waited));
    assert_eq!((bank.entries_of(10).await, bank.entries_of(11).await), (1, 0));
}

/// H56
async fn a_waiter_runs_when_the_first_rolls_back<DB: Driver>(bank: Bank<DB>) {
    let (answer, outcome) = waited(&bank, false).await;
    assert_eq!(answer.unwrap(), 11);
    assert!(matches!(outcome, Outcome::Ran { attempt: 1, stored: true, .. }), "{outcome:?}");
    assert_eq!((bank.entries_of(10).await, bank.entries_of(11).await), (0, 1));
}

async fn a_waiter_gives_up_when_its_time_is_over<DB: Driver>(bank: Bank<DB>) {
    let (first, idem) = (First::uncommitted(&bank).await, bank.engine().await);
    let mut tx = bank.begin().await;
    let (asked, wait) = (Instant::now(), Duration::from_millis(300));
    let plan = PLAN.wait(wait);
    let (answer, _) = DB::call(&idem, &mut tx, &plan, key(1), bank.body(11)).await;
    assert!(matches!(answer, Err(Error::InFlight { .. })), "{answer:?}");
    assert!(asked.elapsed() >= wait);
    first.end(false).await;
    assert_eq!(bank.pay(&idem, &mut tx, 1, 12).await.0.unwrap(), 12);
    tx.commit().await.unwrap();
}

/// Two wait for the first, each in a transaction that the other may need: nobody waits for them.
async fn a_waiter_holds_up_nobody<DB: Driver>(bank: Bank<DB>) {
    let first = First::uncommitted(&bank).await;
    let waiting: Vec<_> = (0..2)
        .map(|_| {
            let bank = bank.clone();
            tokio::spawn(async move {
                let idem = bank.engine().await;
                let mut tx = bank.begin().await;
                let plan = PLAN.wait(SOON);
                let answer = DB::call(&idem, &mut tx, &plan, key(1), bank.body(11)).await.0;
                tx.commit().await.unwrap();
                answer.unwrap()
            })
        })
        .collect();
    let idem = bank.engine().await;
    for number in 2..20 {
        let mut tx = bank.begin().await;
        bank.pay(&idem, &mut tx, number, 20).await.0.unwrap();
        tx.commit().await.unwrap();
    }
    first.end(false).await;
    for waiter in waiting {
        assert_eq!(waiter.await.unwrap(), 11);
    }
    assert_eq!((bank.entries_of(11).await, bank.entries_of(20).await), (1, 18));
}

/// H30
async fn another_key_is_not_held_up<DB: Driver>(bank: Bank<DB>) {
    let (first, idem) = (First::uncommitted(&bank).await, bank.engine().await);
    let mut tx = bank.begin().await;
    assert_eq!(bank.pay(&idem, &mut tx, 2, 20).await.0.unwrap(), 20);
    tx.commit().await.unwrap();
    // Nor is a durable call.
    idem.call(&PLAN, key(3), async { Ok::<_, Error>(30) }).await.unwrap();
    first.end(true).await;
}
