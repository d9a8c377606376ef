//! Calls that wait for themselves: refused, never a deadlock.

use std::future::Future;
use std::time::Duration;

use idem::{Error, Idem, Plan};
use kit::place::Place;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::support::{Runs, SOON, is_in_flight};

/// Far longer than a test has: who waits for himself would be noticed.
const WAITING: Plan = Plan::setnx().wait(Duration::from_hours(1));

on_every_store! {
    a_body_that_calls_its_own_key_is_refused
    a_chain_that_comes_back_is_refused
    two_calls_joined_in_one_task_do_not_wait_for_each_other
    a_nested_call_of_another_key_runs_and_replays
}

fn soon<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    let work = Box::pin(work);
    async { timeout(SOON, work).await.expect("no deadlock") }
}

fn call(
    idem: &Idem,
    op: &str,
    body: impl Future<Output = Result<usize, Error>>,
) -> impl Future<Output = Result<usize, Error>> {
    soon(idem.call(&WAITING, idem::key!("op:{op}"), body))
}

/// C28
async fn a_body_that_calls_its_own_key_is_refused(place: Place) {
    let idem = place.engine().await;
    let runs = Runs::default();
    let body = async {
        let within = call(&idem, "a", runs.body()).await;
        assert!(is_in_flight(&within), "{within:?}");
        runs.body().await
    };
    assert_eq!(call(&idem, "a", body).await.unwrap(), 1);
    assert_eq!(call(&idem, "a", runs.body()).await.unwrap(), 1);
}

/// C28: a → b → a, also when b runs in a task of its own.
async fn a_chain_that_comes_back_is_refused(place: Place) {
    let idem = place.engine().await;
    let runs = Runs::default();
    let b = async {
        let within = call(&idem, "a", runs.body()).await;
        assert!(is_in_flight(&within), "{within:?}");
        runs.body().await
    };
    assert_eq!(call(&idem, "a", Box::pin(async { call(&idem, "b", b).await })).await.unwrap(), 1);

    let inner = idem.clone();
    let returns = idem::Returns::<Result<usize, Error>>::new(Err).replay::<idem::Json>();
    let detached = async move { call(&inner, "c", async { Ok(9) }).await };
    let op = "d";
    let c = async {
        let within = idem.call_detached(&WAITING, idem::key!("op:{op}"), returns, detached);
        let within = soon(within).await;
        assert!(is_in_flight(&within), "{within:?}");
        Ok(7)
    };
    assert_eq!(call(&idem, "c", c).await.unwrap(), 7);
}

/// C28
async fn two_calls_joined_in_one_task_do_not_wait_for_each_other(place: Place) {
    let idem = place.engine().await;
    let runs = Runs::default();
    let answered = Notify::new();
    // The one that runs ends when the other is answered, however slow the store is.
    let asked = async || {
        let body = async {
            soon(answered.notified()).await;
            runs.body().await
        };
        let answer = call(&idem, "a", body).await;
        answered.notify_one();
        answer
    };
    let (one, other) = tokio::join!(asked(), asked());
    let answers = [one, other];
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Ok(1))).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| is_in_flight(answer)).count(), 1, "{answers:?}");
    assert_eq!(runs.count(), 1);
}

/// C51
async fn a_nested_call_of_another_key_runs_and_replays(place: Place) {
    let idem = place.engine().await;
    let runs = Runs::default();
    let outer = || async { Ok(10 + call(&idem, "inner", runs.body()).await?) };
    assert_eq!(call(&idem, "outer", outer()).await.unwrap(), 11);
    assert_eq!(call(&idem, "inner", runs.body()).await.unwrap(), 1);
    assert_eq!(call(&idem, "outer", outer()).await.unwrap(), 11);
    assert_eq!(runs.count(), 1);
}

/// C28: polled by the very thread that waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn block_on_inside_the_body_is_refused() {
    let idem = Idem::in_memory();
    let runs = Runs::default();
    let body = async {
        let within = tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(call(&idem, "a", runs.body()))
        });
        assert!(is_in_flight(&within), "{within:?}");
        runs.body().await
    };
    assert_eq!(call(&idem, "a", body).await.unwrap(), 1);
}

/// C28: the same from the task around it, by no way through the body.
#[test]
fn block_on_from_the_thread_that_polls_the_body_is_refused() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let idem = Idem::in_memory();
    let runs = Runs::default();
    runtime.block_on(async {
        let mut first = Box::pin(call(&idem, "a", std::future::pending()));
        crate::support::poll_once(&mut first).await;
        let within = tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(call(&idem, "a", runs.body()))
        });
        assert!(is_in_flight(&within), "{within:?}");
    });
    assert_eq!(runs.count(), 0);
}

/// A task that the body spawned can't be told from any other: it waits, for as long as it says.
#[tokio::test(start_paused = true)]
async fn a_spawned_call_of_the_bodys_key_waits_for_its_time() {
    let idem = Idem::in_memory();
    let plan = Plan::setnx().wait(Duration::from_secs(100));
    let one = 1;
    let body = async {
        let (idem, began) = (idem.clone(), tokio::time::Instant::now());
        let spawned =
            async move { idem.call(&plan, idem::key!("op:{one}"), async { Ok(2) }).await };
        let within: Result<usize, Error> = tokio::spawn(spawned).await.unwrap();
        assert!(is_in_flight(&within), "{within:?}");
        assert_eq!(began.elapsed(), Duration::from_secs(100));
        Ok::<usize, Error>(1)
    };
    assert_eq!(idem.call(&plan, idem::key!("op:{one}"), body).await.unwrap(), 1);
}

/// Calls within calls stay small.
#[tokio::test]
async fn a_call_is_no_larger_than_it_must_be() {
    fn call_of<const N: usize>(idem: &Idem) -> impl Future<Output = Result<usize, Error>> {
        let (one, bytes) = (1, [1_u8; N]);
        let body = async move {
            tokio::task::yield_now().await;
            Ok(bytes.iter().map(|byte| usize::from(*byte)).sum())
        };
        idem.call(&WAITING, idem::key!("op:{one}"), body)
    }
    let idem = Idem::in_memory();
    let (small, large) = (call_of::<1>(&idem), call_of::<100_000>(&idem));
    assert_eq!(size_of_val(&small), size_of_val(&large));
}
