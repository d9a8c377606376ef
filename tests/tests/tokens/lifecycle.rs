//! Issued, consumed, completed: one use, whose result every later call with the token gets.

use std::sync::atomic::{AtomicUsize, Ordering};

use idem::{Error, Idem, InvalidToken, Plan, Token, idempotent};

use crate::support::{LIFE, call, in_memory, pay, refusal};

#[idempotent(strategy = "token", key = "pay:{user}", token = token, engine = idem)]
async fn by_attribute(
    idem: &Idem,
    user: u64,
    token: Token,
    runs: &AtomicUsize,
) -> Result<usize, Error> {
    // The body may use it up.
    drop(token);
    Ok(runs.fetch_add(1, Ordering::SeqCst) + 1)
}

#[tokio::test]
async fn a_token_is_good_for_one_use_and_its_result_is_replayed() {
    let (idem, runs) = (in_memory().await, AtomicUsize::new(0));
    let token = idem.issue_token(&pay(1), LIFE).unwrap();
    for _ in 0..3 {
        assert_eq!(by_attribute(&idem, 1, token.clone(), &runs).await.unwrap(), 1);
        // The attribute is sugar.
        assert_eq!(call(&idem, &Plan::token(), (1, &token), &runs).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn each_token_of_a_key_is_a_use_of_its_own() {
    let (idem, runs) = (in_memory().await, AtomicUsize::new(0));
    for run in 1..=3 {
        let token = idem.issue_token(&pay(1), LIFE).unwrap();
        assert_eq!(call(&idem, &Plan::token(), (1, &token), &runs).await.unwrap(), run);
    }
}

#[tokio::test]
async fn a_token_of_another_user_runs_nothing() {
    let idem = in_memory().await;
    let token = idem.issue_token(&pay(2), LIFE).unwrap();
    assert_eq!(refusal(&idem, &token).await, Some(InvalidToken::OtherSubject));
}
