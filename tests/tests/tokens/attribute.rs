//! `#[idempotent(strategy = "token")]`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use idem::{Error, Idem, InvalidToken, OnErr, Plan, Token, idempotent};
use serde::Deserialize;

use crate::support::{LIFE, Uses, call, in_memory, pay};

#[idempotent(strategy = "token", key = "pay:{user}", token = token, engine = idem)]
async fn by_value(
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
async fn the_attribute_is_sugar() {
    let (idem, runs) = (in_memory().await, AtomicUsize::new(0));
    let token = idem.issue_token(&pay(1), LIFE).unwrap();
    for _ in 0..2 {
        assert_eq!(by_value(&idem, 1, token.clone(), &runs).await.unwrap(), 1);
        assert_eq!(call(&idem, &Plan::token(), (1, &token), &runs).await.unwrap(), 1);
    }
    let error = by_value(&idem, 2, token, &runs).await.unwrap_err();
    assert!(
        matches!(error, Error::InvalidToken { reason: InvalidToken::OtherSubject, .. }),
        "{error:?}"
    );
}

#[derive(Deserialize)]
struct Form {
    token: Token,
    amount: u64,
}

impl Form {
    fn its_token(&self) -> &Token {
        &self.token
    }
}

struct Shop {
    idem: Idem,
}

fn judge(_: &Error) -> OnErr {
    OnErr::Hold
}

impl Shop {
    #[idempotent(strategy = "token", key = "pay:{user}", token = form.token, engine = self.idem)]
    async fn by_field(&self, user: u64, form: &Form) -> Result<u64, Error> {
        Ok(form.amount)
    }

    #[idempotent(strategy = "token", key = "pay:{user}", token = form.its_token(), engine = self.idem)]
    async fn by_method(&self, user: u64, form: Arc<Form>) -> Result<u64, Error> {
        Ok(form.amount)
    }

    #[idempotent(strategy = "token", key = "pay:{user}", token = token, engine = self.idem)]
    async fn by_pattern(&self, user: u64, Form { token, amount }: Form) -> Result<u64, Error> {
        drop(token);
        Ok(amount)
    }

    #[idempotent(strategy = "token", key = "pay:{user}", token = r#type, engine = self.idem)]
    async fn by_reference(&self, user: u64, r#type: &Token, amount: u64) -> Result<u64, Error> {
        Ok(amount)
    }

    #[idempotent(strategy = "token", key = "pay:{user}", token = tokens.0, engine = self.idem)]
    async fn by_index(&self, user: u64, tokens: (&Token, u64)) -> Result<u64, Error> {
        Ok(tokens.1)
    }

    #[idempotent(strategy = "token", key = "pay:{user}", token = token, engine = self.idem)]
    async fn by_pointer(&self, user: u64, token: Arc<Token>, amount: u64) -> Result<u64, Error> {
        Ok(amount)
    }
}

/// A request's body, as it comes off the wire.
fn form(token: &Token, amount: u64) -> Form {
    let text = format!(r#"{{"token":"{}","amount":{amount}}}"#, token.as_str());
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn a_token_is_found_where_the_key_could_start() {
    let shop = Shop { idem: in_memory().await };
    let token = shop.idem.issue_token(&pay(1), LIFE).unwrap();
    // All of one operation, each on an engine of its own, on one store.
    assert_eq!(shop.by_field(1, &form(&token, 5)).await.unwrap(), 5);
    for _ in 0..2 {
        let shop = Shop { idem: in_memory().await };
        assert_eq!(shop.by_method(1, Arc::new(form(&token, 6))).await.unwrap(), 6);
        assert_eq!(shop.by_method(1, Arc::new(form(&token, 7))).await.unwrap(), 6);
    }
    let shop = Shop { idem: in_memory().await };
    assert_eq!(shop.by_pattern(1, form(&token, 8)).await.unwrap(), 8);
    let shop = Shop { idem: in_memory().await };
    assert_eq!(shop.by_reference(1, &token, 9).await.unwrap(), 9);
    let shop = Shop { idem: in_memory().await };
    assert_eq!(shop.by_index(1, (&token, 10)).await.unwrap(), 10);
    let shop = Shop { idem: in_memory().await };
    let text = token.as_str();
    assert_eq!(shop.by_pointer(1, Arc::new(text.into()), 11).await.unwrap(), 11);
}

#[async_trait::async_trait]
trait Till {
    async fn pay(&self, user: u64, token: Token) -> Result<u64, Error>;
}

#[async_trait::async_trait]
impl Till for Shop {
    #[idempotent(strategy = "token", key = "pay:{user}", token = token, engine = self.idem)]
    async fn pay(&self, user: u64, token: Token) -> Result<u64, Error> {
        Ok(user + u64::from(token.as_str().is_empty()))
    }
}

#[tokio::test]
async fn under_async_trait_too() {
    let shop = Shop { idem: in_memory().await };
    let token = shop.idem.issue_token(&pay(1), LIFE).unwrap();
    assert_eq!(shop.pay(1, token.clone()).await.unwrap(), 1);
    assert!(shop.pay(2, token).await.is_err());
}

#[idempotent(
    key = "pay:{user}",
    strategy = "token",
    token = token,
    store = "db",
    ttl = "1h",
    lease = "10s",
    max_runtime = "1m",
    fingerprint(amount),
    wait = "5s",
    on_duplicate = "replay",
    on_err = judge,
    on_cancel = "finish",
    engine = idem,
    map_err = std::convert::identity,
    codec = idem::Json
)]
async fn all(idem: Idem, user: u64, token: Token, amount: u64) -> Result<u64, Error> {
    Ok(amount)
}

/// And its use is recorded in the database.
#[tokio::test]
async fn every_option_but_on_outage_is_for_token() {
    let uses = Uses::sqlite();
    let idem = uses.engine().await;
    let token = idem.issue_token(&pay(1), LIFE).unwrap();
    assert_eq!(all(idem.clone(), 1, token.clone(), 5).await.unwrap(), 5);
    let other = all(idem.clone(), 1, token.clone(), 6).await.unwrap_err();
    assert!(matches!(other, Error::Mismatch { .. }), "{other:?}");
    let nowhere = all(in_memory().await, 1, token, 5).await.unwrap_err();
    assert!(nowhere.to_string().contains("needs a database"), "{nowhere}");
}
