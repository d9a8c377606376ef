//! Many submits of one token at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use idem::{Error, Idem, Plan, Token};
use tokio::sync::Barrier;

use crate::support::{LIFE, SOON, Uses, call, pay};

on_every_store! {
    fifty_at_once_run_once_and_all_get_the_result
    fifty_at_once_that_do_not_wait_run_once
    a_lost_reply_is_replayed
}

const CALLERS: usize = 50;

/// Fifty submits of one token from two processes at once: how often it ran, and the answers.
async fn submit(
    engines: [Idem; 2],
    plan: Plan,
    token: Token,
) -> (usize, Vec<Result<usize, Error>>) {
    let (runs, start) = (Arc::new(AtomicUsize::new(0)), Arc::new(Barrier::new(CALLERS)));
    let calls: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let (idem, token) = (engines[caller % 2].clone(), token.clone());
            let (runs, start) = (Arc::clone(&runs), Arc::clone(&start));
            tokio::spawn(async move {
                start.wait().await;
                let body = async {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    Ok(runs.fetch_add(1, Ordering::SeqCst) + 1)
                };
                idem.call(&plan, pay(1).token(&token), body).await
            })
        })
        .collect();
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.unwrap());
    }
    (runs.load(Ordering::SeqCst), answers)
}

/// C97, H63
async fn fifty_at_once_run_once_and_all_get_the_result(uses: Uses) {
    let engines = [uses.engine().await, uses.engine().await];
    let token = engines[0].issue_token(&pay(1), LIFE).unwrap();
    let (runs, answers) = submit(engines, uses.plan.wait(SOON), token).await;
    assert_eq!(runs, 1);
    assert!(answers.iter().all(|answer| matches!(answer, Ok(1))), "{answers:?}");
}

/// The errors name the key that people know, not the token's id.
async fn fifty_at_once_that_do_not_wait_run_once(uses: Uses) {
    let engines = [uses.engine().await, uses.engine().await];
    let token = engines[0].issue_token(&pay(1), LIFE).unwrap();
    let (runs, answers) = submit(engines, uses.plan, token).await;
    assert_eq!(runs, 1);
    for answer in answers {
        match answer {
            Ok(run) => assert_eq!(run, 1),
            Err(Error::InFlight { key, .. }) => assert_eq!(key, "pay:1"),
            Err(error) => panic!("{error:?}"),
        }
    }
}

/// From another process, which has never seen the token, and not "already used".
async fn a_lost_reply_is_replayed(uses: Uses) {
    let (idem, elsewhere, runs) = (uses.engine().await, uses.engine().await, AtomicUsize::new(0));
    let token = idem.issue_token(&pay(1), LIFE).unwrap();
    // It ran, and its answer never arrived.
    drop(call(&idem, &uses.plan, (1, &token), &runs).await);
    drop(idem);
    assert_eq!(call(&elsewhere, &uses.plan, (1, &token), &runs).await.unwrap(), 1);
    let rejecting = uses.plan.reject_duplicates();
    let error = call(&elsewhere, &rejecting, (1, &token), &runs).await.unwrap_err();
    assert!(matches!(&error, Error::Duplicate { key, .. } if key == "pay:1"), "{error:?}");
    assert_eq!(runs.into_inner(), 1);
}
