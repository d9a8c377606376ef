//! The end of an engine: what it waits for, and for how long.

use std::time::Duration;

use idem::{Error, Idem, Plan};
use kit::faulty::{Fault, Step};
use tokio::time::{Instant, sleep, timeout};

use crate::support::{SOON, ask, faulty, settle_down};

const SECOND: Duration = Duration::from_secs(1);
const PLAN: Plan = Plan::setnx().lease(Duration::from_secs(30));

/// A body of `op:key` that works for this long.
fn working(idem: &Idem, key: u32, work: Duration) -> tokio::task::JoinHandle<Result<u32, Error>> {
    let idem = idem.clone();
    tokio::spawn(async move {
        let body = async {
            sleep(work).await;
            Ok(key)
        };
        idem.call(&PLAN, idem::key!("op:{key}"), body).await
    })
}

/// H41
#[tokio::test(start_paused = true)]
async fn it_waits_for_bodies_and_no_longer() {
    let idem = Idem::in_memory();
    let began = Instant::now();
    assert_eq!(idem.shutdown(60 * SECOND).await, 0);
    assert_eq!(began.elapsed(), Duration::ZERO);
    let calls: Vec<_> = (1..=5).map(|key| working(&idem, key, key * SECOND)).collect();
    settle_down().await;
    assert_eq!(idem.shutdown(60 * SECOND).await, 0);
    assert_eq!(began.elapsed(), 5 * SECOND);
    for (call, key) in calls.into_iter().zip(1..) {
        assert_eq!(call.await.unwrap().unwrap(), key);
    }
}

#[tokio::test(start_paused = true)]
async fn it_says_how_many_are_left_at_its_deadline() {
    let idem = Idem::in_memory();
    let calls: Vec<_> = (1..=5).map(|key| working(&idem, key, key * SECOND)).collect();
    settle_down().await;
    let began = Instant::now();
    assert_eq!(idem.shutdown(2 * SECOND + SECOND / 2).await, 3);
    assert_eq!(began.elapsed(), 2 * SECOND + SECOND / 2);
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(idem.shutdown(Duration::MAX).await, 0);
}

/// Works until it is told to stop.
async fn told(value: u32) -> Result<u32, Error> {
    timeout(SOON, idem::attempt().cancelled()).await.expect("it is told");
    Ok(value)
}

/// A body of `op:key` that does so.
fn until_told(idem: &Idem, key: u32) -> tokio::task::JoinHandle<Result<u32, Error>> {
    let idem = idem.clone();
    tokio::spawn(async move { idem.call(&PLAN, idem::key!("op:{key}"), told(key)).await })
}

#[tokio::test(start_paused = true)]
async fn every_attempt_is_told_at_once() {
    let idem = Idem::in_memory();
    let calls: Vec<_> = (1..=20).map(|key| until_told(&idem, key)).collect();
    settle_down().await;
    let began = Instant::now();
    assert_eq!(idem.shutdown(60 * SECOND).await, 0);
    assert_eq!(began.elapsed(), Duration::ZERO);
    for (call, key) in calls.into_iter().zip(1..) {
        assert_eq!(call.await.unwrap().unwrap(), key, "and what it came to is stored");
    }
    let key = 1_u32;
    assert_eq!(
        idem.call(&PLAN, idem::key!("op:{key}"), async { Ok::<u32, Error>(99) }).await.unwrap(),
        1
    );
}

/// Of one key there can be several.
#[tokio::test(start_paused = true)]
async fn so_is_every_attempt_that_runs_unguarded() {
    let idem = Idem::builder().disabled().build().await.unwrap();
    let calls: Vec<_> = [1, 1, 2].into_iter().map(|key| until_told(&idem, key)).collect();
    let detached = {
        let (idem, key) = (idem.clone(), 1_u32);
        let returns = idem::Returns::new(Err);
        tokio::spawn(async move {
            idem.call_detached(&PLAN, idem::key!("op:{key}"), returns, told(1)).await
        })
    };
    settle_down().await;
    let began = Instant::now();
    assert_eq!(idem.shutdown(60 * SECOND).await, 0);
    assert_eq!(began.elapsed(), Duration::ZERO);
    for call in calls.into_iter().chain([detached]) {
        call.await.unwrap().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn so_is_every_attempt_that_starts_after_it_began() {
    let disabled = Idem::builder().disabled().build().await.unwrap();
    for idem in [Idem::in_memory(), disabled] {
        let first = working(&idem, 1, 5 * SECOND);
        settle_down().await;
        let ending = {
            let idem = idem.clone();
            tokio::spawn(async move { idem.shutdown(60 * SECOND).await })
        };
        sleep(SECOND).await;
        let began = Instant::now();
        assert_eq!(until_told(&idem, 2).await.unwrap().unwrap(), 2);
        assert_eq!(began.elapsed(), Duration::ZERO);
        assert_eq!(ending.await.unwrap(), 0);
        first.await.unwrap().unwrap();
        assert_eq!(until_told(&idem, 3).await.unwrap().unwrap(), 3, "and after it has ended");
    }
}

/// What is settled in the background is waited for, and what is not settled within is said.
#[tokio::test(start_paused = true)]
async fn it_waits_for_what_is_settled_in_the_background() {
    let (store, idem) = faulty().await;
    store.always(Step::Complete, Fault::Undone);
    ask(&idem, &PLAN).await.0.unwrap();
    assert_eq!(idem.shutdown(3 * SECOND).await, 1);
    store.heal();
    assert_eq!(idem.shutdown(60 * SECOND).await, 0);
    assert_eq!(ask(&idem, &PLAN).await.0.unwrap(), 77);
    assert_eq!(store.asked(Step::Claim), 2);
}

/// So is a claim that is taken back for a caller who has left.
#[tokio::test(start_paused = true)]
async fn it_waits_for_claims_that_are_taken_back() {
    let (store, idem) = faulty().await;
    let mut claiming = store.hold_answer(Step::Claim);
    let mut releasing = store.hold(Step::Release);
    let mut call = Box::pin(ask(&idem, &PLAN));
    crate::support::poll_once(&mut call).await;
    claiming.reached().await;
    drop(call);
    releasing.reached().await;
    assert_eq!(idem.shutdown(SECOND / 2).await, 1);
    releasing.go();
    assert_eq!(idem.shutdown(SECOND).await, 0);
}

/// Calls that come in the meantime are served, and who only waits holds nothing up.
#[tokio::test(start_paused = true)]
async fn calls_that_come_meanwhile_are_served() {
    let idem = Idem::in_memory();
    let first = working(&idem, 1, 5 * SECOND);
    settle_down().await;
    let ending = {
        let idem = idem.clone();
        tokio::spawn(async move { idem.shutdown(60 * SECOND).await })
    };
    sleep(SECOND).await;
    assert_eq!(working(&idem, 2, SECOND).await.unwrap().unwrap(), 2);
    let waiter = {
        let idem = idem.clone();
        let key = 1_u32;
        tokio::spawn(async move {
            idem.call(&PLAN.wait(60 * SECOND), idem::key!("op:{key}"), async {
                Ok::<u32, Error>(99)
            })
            .await
        })
    };
    assert_eq!(ending.await.unwrap(), 0);
    assert_eq!((first.await.unwrap().unwrap(), waiter.await.unwrap().unwrap()), (1, 1));
}
