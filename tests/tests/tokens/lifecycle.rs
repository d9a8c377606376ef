//! Issued, consumed, completed: one use, whose result every later call with the token gets.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use idem::{Error, OnErr, Outcome, Plan, with_outcome};

use crate::support::{LIFE, SECRET, Uses, call, in_memory, pay};

on_every_store! {
    a_token_is_good_for_one_use
    an_err_gives_the_token_back
    a_dropped_call_holds_the_token_till_its_lease_lapses
}

async fn a_token_is_good_for_one_use(uses: Uses) {
    let (idem, elsewhere, runs) = (uses.engine().await, uses.engine().await, AtomicUsize::new(0));
    for run in 1..=3 {
        // Each token of a key is a use of its own.
        let token = idem.issue_token(&pay(1), LIFE).unwrap();
        for engine in [&elsewhere, &idem, &elsewhere] {
            assert_eq!(call(engine, &uses.plan, (1, &token), &runs).await.unwrap(), run);
        }
    }
}

async fn an_err_gives_the_token_back(uses: Uses) {
    let (idem, runs) = (uses.engine().await, AtomicUsize::new(0));
    let token = idem.issue_token(&pay(1), LIFE).unwrap();
    let declined = async { Err::<usize, _>(Error::outage("declined")) };
    assert!(idem.call(&uses.plan, pay(1).token(&token), declined).await.is_err());
    assert_eq!(call(&idem, &uses.plan, (1, &token), &runs).await.unwrap(), 1);
    // Held, it is nobody's till the lease lapses.
    let token = idem.issue_token(&pay(1), LIFE).unwrap();
    let plan = uses.plan.on_err(OnErr::Hold);
    let unknown = async { Err::<usize, _>(Error::outage("who knows")) };
    assert!(idem.call(&plan, pay(1).token(&token), unknown).await.is_err());
    let error = call(&idem, &plan, (1, &token), &runs).await.unwrap_err();
    assert!(matches!(error, Error::InFlight { .. }), "{error:?}");
}

async fn a_dropped_call_holds_the_token_till_its_lease_lapses(uses: Uses) {
    let (idem, elsewhere, runs) = (uses.engine().await, uses.engine().await, AtomicUsize::new(0));
    let plan = uses.plan.lease(Duration::from_millis(400));
    let token = idem.issue_token(&pay(1), LIFE).unwrap();
    {
        let body = async {
            runs.fetch_add(1, Ordering::SeqCst);
            std::future::pending::<Result<usize, Error>>().await
        };
        let mut left = Box::pin(idem.call(&plan, pay(1).token(&token), body));
        while runs.load(Ordering::SeqCst) == 0 {
            let polled = tokio::time::timeout(Duration::from_millis(1), &mut left).await;
            assert!(polled.is_err(), "it never ends");
        }
    }
    let error = call(&elsewhere, &plan, (1, &token), &runs).await.unwrap_err();
    assert!(matches!(error, Error::InFlight { .. }), "{error:?}");
    let plan = plan.wait(crate::support::SOON);
    let again = with_outcome(call(&elsewhere, &plan, (1, &token), &runs)).await;
    assert!(matches!(again, (Ok(2), Outcome::Ran { attempt: 2, stored: true, .. })), "{again:?}");
}

#[tokio::test]
async fn a_token_with_other_arguments_is_a_mismatch() {
    let idem = in_memory().await;
    let token = idem.issue_token(&pay(1), LIFE).unwrap();
    let charge = async |amount: u64| {
        let key = pay(1).fingerprint(&amount).token(&token);
        idem.call(&Plan::token(), key, async { Ok::<_, Error>(amount) }).await
    };
    assert_eq!(charge(5).await.unwrap(), 5);
    let error = charge(6).await.unwrap_err();
    assert!(matches!(&error, Error::Mismatch { key, .. } if key == "pay:1"), "{error:?}");
    assert_eq!(charge(5).await.unwrap(), 5);
}

/// A form that is sent twice is one payment for the provider; another form is another.
#[tokio::test]
async fn downstream_keys_are_the_tokens_own() {
    let idem = in_memory().await;
    let key_of = async |token: &idem::Token| {
        let body = async { Err::<(), _>(Error::outage(idem::attempt().downstream_key("capture"))) };
        idem.call(&Plan::token(), pay(1).token(token), body).await.unwrap_err().to_string()
    };
    let (one, other) =
        (idem.issue_token(&pay(1), LIFE).unwrap(), idem.issue_token(&pay(1), LIFE).unwrap());
    assert_eq!(key_of(&one).await, key_of(&one).await);
    assert_ne!(key_of(&one).await, key_of(&other).await);
}

/// Without a record of its use: as often as it is sent. But never another's.
#[tokio::test]
async fn a_disabled_engine_still_verifies() {
    let builder = idem::Idem::builder().disabled().token_secret(SECRET);
    let (idem, runs) = (builder.build().await.unwrap(), AtomicUsize::new(0));
    let token = idem.issue_token(&pay(1), LIFE).unwrap();
    for run in 1..=2 {
        let called = with_outcome(call(&idem, &Plan::token(), (1, &token), &runs)).await;
        assert!(matches!(called, (Ok(ran), Outcome::Unguarded) if ran == run), "{called:?}");
    }
    let error = call(&idem, &Plan::token(), (2, &token), &runs).await.unwrap_err();
    assert!(matches!(error, Error::InvalidToken { .. }), "{error:?}");
    assert_eq!(runs.into_inner(), 2);
}
