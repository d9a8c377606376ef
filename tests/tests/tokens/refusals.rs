//! Each reason for which a token is refused.

use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use idem::{Error, Idem, InvalidToken, Plan, Token};
use serde_json::json;

use crate::forge::{self, HEADER, claims, now, signed};
use crate::support::{LIFE, SECRET, call, in_memory, pay, refusal};

#[tokio::test]
async fn a_token_made_by_hand_as_the_papers_say_is_taken() {
    let idem = in_memory().await;
    assert_eq!(refusal(&idem, &signed(HEADER, forge::good())).await, None);
    assert_eq!(refusal(&idem, &signed(r#"{"alg":"HS256"}"#, forge::good())).await, None);
}

#[tokio::test]
async fn what_is_issued_says_what_it_is_for() {
    let idem = in_memory().await;
    let (header, claims) = forge::read(&idem.issue_token(&pay(1), LIFE).unwrap());
    assert_eq!(header, json!({ "alg": "HS256", "typ": "JWT" }));
    assert_eq!((&claims["aud"], &claims["sub"]), (&json!("pay"), &json!("pay:1")));
    let (iat, exp) = (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
    assert!((now() - 60..=now()).contains(&iat), "{claims}");
    assert!((900..=901).contains(&(exp - iat)), "{claims}");
    let id = claims["jti"].as_str().unwrap();
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{claims}");
}

/// Also where the claims are wrong in some other way: the first reason is told.
#[tokio::test]
async fn each_reason_has_its_name() {
    let idem = in_memory().await;
    let with = |others| signed(HEADER, claims(&others));
    let other_secret = [8; 32];
    for (token, reason) in [
        (Token::from("no token".to_owned()), InvalidToken::Malformed),
        (signed(r#"{"alg":"none"}"#, forge::good()), InvalidToken::WrongAlgorithm),
        (signed(r#"{"alg":"HS256","kid":"k"}"#, forge::good()), InvalidToken::UnknownKey),
        (forge::by_hmac(HEADER, forge::good(), &other_secret), InvalidToken::BadSignature),
        (with(json!({ "aud": "refund", "exp": 1, "iat": 0 })), InvalidToken::OtherOperation),
        (with(json!({ "sub": "pay:2", "exp": 1, "iat": 0 })), InvalidToken::OtherSubject),
        (with(json!({ "iat": now() + 60 })), InvalidToken::NotYetValid),
        (with(json!({ "exp": now() - 60, "iat": now() - 900 })), InvalidToken::Expired),
    ] {
        assert_eq!(refusal(&idem, &token).await, Some(reason));
    }
}

/// H64: 403, by a stable code, and nothing to try again; the message holds nothing of the token.
#[tokio::test]
async fn the_error_says_why_and_not_what() {
    let (idem, runs) = (in_memory().await, AtomicUsize::new(0));
    let token = idem.issue_token(&pay(2), LIFE).unwrap();
    let error = call(&idem, &Plan::token(), (1, &token), &runs).await.unwrap_err();
    assert_eq!(error.to_string(), "invalid token: it is for another key");
    assert_eq!((error.code(), error.http_status()), ("invalid_token", 403));
    assert!(!error.is_retryable());
    assert_eq!(error.delivery(), idem::Delivery::DeadLetter);
    assert!(!format!("{error:?}").contains(token.as_str()));
}

#[tokio::test]
async fn a_token_hides_its_text_and_is_text_in_serde() {
    let idem = in_memory().await;
    let token = idem.issue_token(&pay(1), LIFE).unwrap();
    let shown = format!("{token:?} {:?}", pay(1).token(&token));
    assert!(!shown.contains(token.as_str().rsplit('.').next().unwrap()), "{shown}");
    let json = serde_json::to_string(&token).unwrap();
    assert_eq!(json, format!("\"{}\"", token.as_str()));
    let back: Token = serde_json::from_str(&json).unwrap();
    assert_eq!(back.as_str(), token.as_str());
    assert!(serde_json::from_str::<Token>("7").is_err());
}

#[tokio::test]
async fn an_engine_without_a_key_says_what_to_write() {
    let idem = Idem::builder().memory().build().await.unwrap();
    let error = idem.issue_token(&pay(1), LIFE).unwrap_err();
    assert!(error.to_string().contains("`.token_secret(secret)`"), "{error}");
    let token = signed(HEADER, forge::good());
    let error = call(&idem, &Plan::token(), (1, &token), &AtomicUsize::new(0)).await.unwrap_err();
    assert!(matches!(error, Error::Config { .. }), "{error:?}");
    assert!(error.to_string().contains("`.token_secret(secret)`"), "{error}");
}

/// An engine in memory has no records that another could share, and no tokens.
#[tokio::test]
async fn an_engine_in_memory_takes_its_own_tokens_alone() {
    let (idem, other) = (Idem::in_memory(), Idem::in_memory());
    let token = idem.issue_token(&pay(1), LIFE).unwrap();
    for engine in [&other, &in_memory().await] {
        assert_eq!(refusal(engine, &token).await, Some(InvalidToken::BadSignature));
    }
    assert_eq!(refusal(&idem, &token).await, None);
}

#[tokio::test]
async fn a_plan_and_its_key_agree_about_a_token() {
    let (idem, runs) = (in_memory().await, AtomicUsize::new(0));
    let token = idem.issue_token(&pay(1), LIFE).unwrap();
    let without = idem.call(&Plan::token(), pay(1), async { Ok::<_, Error>(1) }).await.unwrap_err();
    assert!(without.to_string().contains("`key.token(&token)`"), "{without}");
    for plan in [Plan::setnx(), Plan::db()] {
        let beside = call(&idem, &plan, (1, &token), &runs).await.unwrap_err();
        assert!(beside.to_string().contains("`Plan::token()`"), "{beside}");
    }
    assert_eq!(call(&idem, &Plan::token(), (1, &token), &runs).await.unwrap(), 1);
}

#[tokio::test]
async fn a_plan_names_a_store_that_the_engine_has() {
    let (idem, runs) = (in_memory().await, AtomicUsize::new(0));
    let token = idem.issue_token(&pay(1), LIFE).unwrap();
    let error = call(&idem, &Plan::token_in_db(), (1, &token), &runs).await.unwrap_err();
    assert!(error.to_string().contains("`store = \"db\"` needs a database"), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let url = kit::place::sqlite_url(folder.path());
    let builder = Idem::builder().database(url).token_secret(SECRET);
    let idem = builder.build().await.unwrap();
    let error = call(&idem, &Plan::token(), (1, &token), &runs).await.unwrap_err();
    assert!(error.to_string().contains("or `store = \"db\"`"), "{error}");
}

#[tokio::test]
async fn what_can_not_be_issued_is_refused() {
    let idem = in_memory().await;
    let empty = "";
    let error = idem.issue_token(&idem::key!("pay:{empty}"), LIFE).unwrap_err();
    assert!(matches!(error, Error::InvalidKey { .. }), "{error:?}");
    for life in [Duration::ZERO, Duration::MAX, Duration::from_hours(100 * 366 * 24)] {
        let error = idem.issue_token(&pay(1), life).unwrap_err();
        assert!(matches!(error, Error::Config { .. }), "{life:?}: {error:?}");
    }
    // A long key is its hash, and fits.
    let long = "x".repeat(10_000);
    let key = || idem::key!("pay:{long}");
    let token = idem.issue_token(&key(), Duration::from_hours(99 * 366 * 24)).unwrap();
    let called = idem.call(&Plan::token(), key().token(&token), async { Ok::<_, Error>(1) });
    assert_eq!(called.await.unwrap(), 1);
}
