//! Expiry, leeway, and clocks that differ.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use idem::{Error, Idem, InvalidToken, Plan, Token};
use tokio::time::advance;

use crate::support::{LIFE, SECRET, Uses, call, in_memory, pay, refusal};

/// In a test with a paused clock tokens age with it, as records and leases do.
#[tokio::test(start_paused = true)]
async fn a_token_ages_by_the_clock_of_the_test() {
    let (idem, runs) = (in_memory().await, AtomicUsize::new(0));
    let token = idem.issue_token(&pay(1), LIFE).unwrap();
    let unused = idem.issue_token(&pay(1), LIFE).unwrap();
    let short = Plan::token().ttl(Duration::from_secs(2));
    assert_eq!(call(&idem, &short, (1, &token), &runs).await.unwrap(), 1);
    // Long after `ttl`, up to the leeway past its end: it never runs twice.
    for step in [Duration::from_mins(10), Duration::from_mins(5), Duration::from_secs(4)] {
        advance(step).await;
        assert_eq!(call(&idem, &short, (1, &token), &runs).await.unwrap(), 1);
    }
    // Its end is rounded up to a whole second.
    advance(Duration::from_secs(3)).await;
    for token in [&token, &unused] {
        assert_eq!(refusal(&idem, token).await, Some(InvalidToken::Expired));
    }
    assert_eq!(runs.into_inner(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_leeway_is_the_engines() {
    let builder = Idem::builder().memory().token_secret(SECRET).token_leeway(Duration::ZERO);
    let strict = builder.build().await.unwrap();
    let generous = in_memory().await;
    let issue = |idem: &Idem| idem.issue_token(&pay(1), Duration::from_secs(10)).unwrap();
    let token = issue(&strict);
    advance(Duration::from_secs(12)).await;
    assert_eq!(refusal(&strict, &token).await, Some(InvalidToken::Expired));
    assert_eq!(refusal(&generous, &token).await, None);
}

/// A token that a node whose clock is ahead by the leeway issues, as another node makes it.
fn issued_ahead(leeway: Duration, life: Duration) -> Token {
    let ahead = async move {
        tokio::time::pause();
        advance(leeway).await;
        let idem = Idem::builder().memory().token_secret(SECRET).build().await.unwrap();
        idem.issue_token(&pay(1), life).unwrap()
    };
    std::thread::spawn(move || {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(ahead)
    })
    .join()
    .unwrap()
}

/// Issued by a clock that is ahead, used by one that is behind, and sent again until it is refused:
/// the record of its use, which the store's own clock ends, is still there at the very last.
#[tokio::test]
async fn a_token_never_runs_twice_on_a_node_whose_clock_is_behind() {
    const LEEWAY: Duration = Duration::from_secs(1);
    let until_it_is_refused = async |uses: Uses| {
        let builder = uses.place.builder().await.token_secret(SECRET).token_leeway(LEEWAY);
        let (idem, runs) = (builder.build().await.unwrap(), AtomicUsize::new(0));
        let token = issued_ahead(LEEWAY, Duration::from_secs(3));
        let plan = uses.plan.ttl(Duration::from_secs(3));
        let mut replays = 0;
        loop {
            match call(&idem, &plan, (1, &token), &runs).await {
                Ok(run) => assert_eq!(run, 1),
                Err(Error::InvalidToken { reason, .. }) => {
                    assert_eq!(reason, InvalidToken::Expired);
                    break;
                }
                Err(error) => panic!("{error:?}"),
            }
            replays += 1;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        assert!(replays > 10, "{replays}");
    };
    tokio::join!(until_it_is_refused(Uses::redis()), until_it_is_refused(Uses::sqlite()));
}

/// Further ahead than the leeway, it is refused and not kept for later.
#[test]
fn a_token_of_a_clock_that_is_far_ahead_is_not_valid_yet() {
    let token = issued_ahead(Duration::from_secs(30), LIFE);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let refused = runtime.block_on(async { refusal(&in_memory().await, &token).await });
    assert_eq!(refused, Some(InvalidToken::NotYetValid));
}

/// The lease is what the plan says of it, half of its `ttl` here, and not of what the token makes of
/// its retention.
#[tokio::test(start_paused = true)]
async fn a_long_life_makes_no_longer_lease() {
    let idem = in_memory().await;
    let plan = Plan::token().ttl(Duration::from_secs(4));
    let token = idem.issue_token(&pay(1), LIFE).unwrap();
    let body = async {
        let entry = idem.get(&pay(1).token(&token)).await.unwrap().unwrap();
        Ok::<_, Error>(entry.lease_left.unwrap())
    };
    let left = idem.call(&plan, pay(1).token(&token), body).await.unwrap();
    assert!(left <= Duration::from_secs(2), "{left:?}");
}
