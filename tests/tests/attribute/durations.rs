//! `ttl`, `lease`, `max_runtime` and `wait`, on a clock that the tests move.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use idem::{Error, Idem, idempotent};
use tokio::sync::Notify;
use tokio::time::{Instant, advance};

use crate::support::{Runs, begun};

#[idempotent(key = "kept:{id}", strategy = "setnx", ttl = "90s")]
async fn kept(id: u8, runs: &Runs) -> Result<usize, Error> {
    Ok(runs.next())
}

#[tokio::test(start_paused = true)]
async fn ttl_is_how_long_a_result_answers() {
    let (idem, runs) = (Idem::in_memory(), Runs::default());
    assert_eq!(idem.scope(kept(1, &runs)).await.unwrap(), 1);
    advance(Duration::from_millis(89_999)).await;
    assert_eq!(idem.scope(kept(1, &runs)).await.unwrap(), 1);
    advance(Duration::from_millis(1)).await;
    assert_eq!(idem.scope(kept(1, &runs)).await.unwrap(), 2);
}

#[idempotent(key = "kept_for_a_day:{id}", strategy = "setnx")]
async fn kept_for_a_day(id: u8, runs: &Runs) -> Result<usize, Error> {
    Ok(runs.next())
}

#[tokio::test(start_paused = true)]
async fn ttl_is_a_day_unless_set() {
    let (idem, runs) = (Idem::in_memory(), Runs::default());
    for (after, run) in [(0, 1), (24 * 3600 - 1, 1), (1, 2)] {
        advance(Duration::from_secs(after)).await;
        assert_eq!(idem.scope(kept_for_a_day(1, &runs)).await.unwrap(), run);
    }
}

#[idempotent(key = "leased:{id}", strategy = "setnx", lease = "10s")]
async fn leased(id: u8, runs: &Runs, ends: bool) -> Result<usize, Error> {
    let run = runs.next();
    if ends { Ok(run) } else { pending().await }
}

#[tokio::test(start_paused = true)]
async fn lease_is_how_long_a_claim_outlives_its_caller() {
    let (idem, runs) = (Idem::in_memory(), Runs::default());
    drop(begun(idem.scope(leased(1, &runs, false)), || runs.count() == 1).await);
    let answer = idem.scope(leased(1, &runs, true)).await;
    let Err(Error::InFlight { retry_after, .. }) = answer else { panic!("{answer:?}") };
    assert!((9..=10).contains(&retry_after.as_secs()), "{retry_after:?}");
    advance(retry_after + Duration::from_millis(1)).await;
    assert_eq!(idem.scope(leased(1, &runs, true)).await.unwrap(), 2);
}

#[idempotent(key = "renewed:{id}", strategy = "setnx", lease = "10s")]
async fn renewed(id: u8, runs: &Runs) -> Result<usize, Error> {
    let run = runs.next();
    tokio::time::sleep(Duration::from_secs(100)).await;
    Ok(run)
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_renewed_while_the_body_lives() {
    let (idem, runs) = (Idem::in_memory(), Runs::default());
    let asks = async {
        tokio::time::sleep(Duration::from_secs(95)).await;
        idem.scope(renewed(1, &runs)).await
    };
    let (first, second) = tokio::join!(idem.scope(renewed(1, &runs)), asks);
    assert_eq!(first.unwrap(), 1);
    assert!(matches!(second, Err(Error::InFlight { .. })), "{second:?}");
    assert_eq!(idem.scope(renewed(1, &runs)).await.unwrap(), 1);
}

#[idempotent(key = "bounded:{id}", strategy = "setnx", max_runtime = "2m", lease = "10s")]
async fn bounded(id: u8, runs: &Runs, ends: bool) -> Result<usize, Error> {
    let run = runs.next();
    if ends { Ok(run) } else { pending().await }
}

#[tokio::test(start_paused = true)]
async fn max_runtime_ends_the_body_and_holds_the_claim() {
    let (idem, runs) = (Idem::in_memory(), Runs::default());
    let began = Instant::now();
    let answer = idem.scope(bounded(1, &runs, false)).await;
    assert!(
        matches!(&answer, Err(Error::TimedOut { key, .. }) if key == "bounded:1"),
        "{answer:?}"
    );
    assert_eq!(began.elapsed(), Duration::from_mins(2));
    let answer = idem.scope(bounded(1, &runs, true)).await;
    assert!(matches!(answer, Err(Error::InFlight { .. })), "its outcome is unknown: {answer:?}");
    advance(Duration::from_millis(10_001)).await;
    assert_eq!(idem.scope(bounded(1, &runs, true)).await.unwrap(), 2);
}

#[idempotent(key = "waited:{id}", strategy = "setnx", wait = "5s", fingerprint(amount))]
async fn waited(id: u8, amount: u8, shared: Arc<(Runs, Notify)>) -> Result<usize, Error> {
    let (runs, go) = &*shared;
    let run = runs.next();
    go.notified().await;
    Ok(run)
}

#[tokio::test(start_paused = true)]
async fn wait_is_how_long_a_duplicate_waits() {
    let (idem, shared) = (Idem::in_memory(), Arc::new((Runs::default(), Notify::new())));
    let (runs, go) = &*shared;
    let call = |amount| tokio::spawn(idem.scope(waited(1, amount, Arc::clone(&shared))));
    let first = begun(call(7), || runs.count() == 1).await;
    let began = Instant::now();
    let answer = call(8).await.unwrap();
    assert!(matches!(answer, Err(Error::Mismatch { .. })), "{answer:?}");
    assert!(began.elapsed() < Duration::from_secs(1), "another payload does not wait");
    let began = Instant::now();
    let answer = call(7).await.unwrap();
    assert!(matches!(answer, Err(Error::InFlight { .. })), "{answer:?}");
    assert!(began.elapsed() >= Duration::from_secs(5), "{:?}", began.elapsed());
    let second = call(7);
    tokio::time::sleep(Duration::from_secs(4)).await;
    go.notify_one();
    assert_eq!((first.await.unwrap().unwrap(), second.await.unwrap().unwrap()), (1, 1));
    assert_eq!(runs.count(), 1);
}
