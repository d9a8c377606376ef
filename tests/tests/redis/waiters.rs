//! Waiting costs the store next to nothing, however many wait.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use idem::{Error, Idem, Outcome, Plan};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::spoken::{PATIENT, SOON, Spoken, call, unique};

const PLAN: Plan = Plan::setnx();
const WAITING: Plan = PLAN.wait(Duration::from_mins(1));

/// Twice as often as the store is asked by one poller at the most, once it has settled.
const POLLS_A_SECOND: u128 = 2 * 8;

however_spoken! {
    followers_of_a_leader_in_this_process_ask_nothing
    a_thousand_in_two_processes_poll_like_two
    those_who_give_up_one_by_one_wake_nobody
    one_runs_when_the_leader_fails
    whoever_gives_up_is_told_what_is_left_of_the_lease
}

type Running = JoinHandle<Result<usize, Error>>;

/// A call that runs until it is told its result.
async fn leader(idem: &Idem, key: &str) -> (Running, oneshot::Sender<Result<usize, Error>>) {
    let (begun, has_begun) = oneshot::channel();
    let (end, ending) = oneshot::channel();
    let (idem, key) = (idem.clone(), key.to_owned());
    let call = tokio::spawn(async move {
        let body = async {
            begun.send(()).unwrap();
            ending.await.unwrap()
        };
        idem.call(&PLAN, idem::key!("op:{key}"), body).await
    });
    has_begun.await.unwrap();
    (call, end)
}

type Waiting = JoinHandle<(Result<usize, Error>, Outcome)>;

fn waiter(idem: &Idem, plan: Plan, key: &str, runs: &Arc<AtomicUsize>) -> Waiting {
    let (idem, key, runs) = (idem.clone(), key.to_owned(), Arc::clone(runs));
    tokio::spawn(async move { call(&idem, plan, &key, &runs).await })
}

async fn followers_of_a_leader_in_this_process_ask_nothing(spoken: Spoken) {
    let server = spoken.shared();
    let idem = spoken.warm_engine(&server.url(), PATIENT).await;
    let (key, runs) = (unique(), Arc::default());
    let (running, end) = leader(&idem, &key).await;
    let mut monitor = server.monitor().await;
    let waiters: Vec<_> = (0..100).map(|_| waiter(&idem, WAITING, &key, &runs)).collect();
    // The last to be spawned has asked in vain when this one has.
    let brief = PLAN.wait(Duration::from_millis(50));
    let (answer, _) = call(&idem, brief, &key, &runs).await;
    assert!(matches!(answer.unwrap_err(), Error::InFlight { .. }));
    end.send(Ok(7)).unwrap();
    assert_eq!(running.await.unwrap().unwrap(), 7);
    for waiter in waiters {
        let (answer, outcome) = waiter.await.unwrap();
        assert_eq!(answer.unwrap(), 7);
        assert!(matches!(outcome, Outcome::Waited | Outcome::Replayed { .. }), "{outcome:?}");
    }
    // The completion; and nobody who followed asked for anything.
    let sent = monitor.seen_with(&key).await;
    assert_eq!(sent.len(), 1, "{sent:#?}");
}

async fn a_thousand_in_two_processes_poll_like_two(spoken: Spoken) {
    let server = spoken.shared();
    let idem = spoken.warm_engine(&server.url(), PATIENT).await;
    let engines =
        [spoken.engine(&server.url(), PATIENT).await, spoken.engine(&server.url(), PATIENT).await];
    let (key, runs) = (unique(), Arc::default());
    let (running, end) = leader(&idem, &key).await;
    let mut monitor = server.monitor().await;
    let waiters: Vec<_> =
        (0..1000).map(|n| waiter(&engines[n % 2], WAITING, &key, &runs)).collect();
    let mut asked = 0;
    kit::wait_for("all to have asked once", SOON, async || {
        asked += monitor.seen_with(&key).await.len();
        asked >= 1000
    })
    .await;
    // Those who have asked settle to one poller in each process.
    tokio::time::sleep(Duration::from_millis(500)).await;
    asked += monitor.seen_with(&key).await.len();
    assert!(asked < 3000, "{asked} commands for 1000 waiters");
    let since = Instant::now();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let polls = monitor.seen_with(&key).await.len();
    let most = since.elapsed().as_millis() * POLLS_A_SECOND / 1000 + 4;
    assert!((polls as u128) < most, "{polls} polls of at most {most}");
    assert!(polls > 1, "nobody polls");
    end.send(Ok(7)).unwrap();
    assert_eq!(running.await.unwrap().unwrap(), 7);
    for waiter in waiters {
        assert_eq!(waiter.await.unwrap().0.unwrap(), 7);
    }
}

async fn those_who_give_up_one_by_one_wake_nobody(spoken: Spoken) {
    const WAITERS: u32 = 200;
    let server = spoken.shared();
    let idem = spoken.warm_engine(&server.url(), PATIENT).await;
    let elsewhere = spoken.engine(&server.url(), PATIENT).await;
    let (key, runs) = (unique(), Arc::default());
    let (running, end) = leader(&idem, &key).await;
    let mut monitor = server.monitor().await;
    // The first to come polls for all, and is the first to leave.
    let waiters: Vec<_> = (0..WAITERS)
        .map(|n| {
            let plan = PLAN.wait(Duration::from_millis(300) + n * Duration::from_millis(5));
            waiter(&elsewhere, plan, &key, &runs)
        })
        .collect();
    for waiter in waiters {
        let error = waiter.await.unwrap().0.unwrap_err();
        assert!(matches!(error, Error::InFlight { .. }), "{error:?}");
    }
    let sent = monitor.seen_with(&key).await.len();
    assert!(sent < 6 * WAITERS as usize, "{sent} commands for {WAITERS} waiters");
    end.send(Ok(7)).unwrap();
    assert_eq!(running.await.unwrap().unwrap(), 7);
}

async fn one_runs_when_the_leader_fails(spoken: Spoken) {
    let server = spoken.shared();
    let idem = spoken.warm_engine(&server.url(), PATIENT).await;
    let elsewhere = spoken.engine(&server.url(), PATIENT).await;
    let (key, runs) = (unique(), Arc::default());
    let (running, end) = leader(&idem, &key).await;
    let waiters: Vec<_> =
        (0..20).map(|n| waiter([&idem, &elsewhere][n % 2], WAITING, &key, &runs)).collect();
    end.send(Err(Error::in_flight("its own", Duration::ZERO))).unwrap();
    running.await.unwrap().unwrap_err();
    for waiter in waiters {
        assert_eq!(waiter.await.unwrap().0.unwrap(), 1);
    }
    assert_eq!(Arc::into_inner(runs).unwrap().into_inner(), 1);
}

/// Whoever polls is told by the store, and those who follow it know as much.
async fn whoever_gives_up_is_told_what_is_left_of_the_lease(spoken: Spoken) {
    let server = spoken.shared();
    let idem = spoken.warm_engine(&server.url(), PATIENT).await;
    let elsewhere = spoken.warm_engine(&server.url(), PATIENT).await;
    let runs = Arc::default();
    for _ in 0..10 {
        let key = unique();
        let (running, end) = leader(&idem, &key).await;
        let plan = PLAN.wait(Duration::from_millis(100));
        let waiters: Vec<_> = (0..20).map(|_| waiter(&elsewhere, plan, &key, &runs)).collect();
        for waiter in waiters {
            let error = waiter.await.unwrap().0.unwrap_err();
            let after = error.retry_after().expect("it is in flight");
            assert!(after > Duration::from_secs(1), "to ask again in {after:?}");
        }
        end.send(Ok(7)).unwrap();
        assert_eq!(running.await.unwrap().unwrap(), 7);
    }
}
