//! A crate in which every lint of clippy's `pedantic` and `nursery` groups is an error, and whose
//! functions use every option: `cargo clippy` shows that the expansions are clean.
#![deny(warnings, clippy::all, clippy::pedantic, clippy::nursery)]

use std::sync::Arc;

use idem::{Error, Idem, IdempotencyKey, KeyPart, OnErr, Token, idempotent, key};
use serde::{Deserialize, Serialize};

struct State {
    idem: Arc<Idem>,
}

#[derive(KeyPart, Clone, Copy)]
struct OrderId(u64);

#[derive(KeyPart, Clone, Copy)]
enum Channel {
    Web,
    Phone,
}

struct Order {
    id: OrderId,
    channel: Channel,
    total: u64,
}

#[derive(Serialize, Deserialize, Debug, PartialEq, Eq)]
struct Receipt {
    total: u64,
}

#[derive(Serialize, Deserialize, Debug, thiserror::Error)]
enum PayError {
    #[error("declined")]
    Declined,
    #[serde(skip)]
    #[error(transparent)]
    Guard(#[from] Error),
}

const fn judge(error: &PayError) -> OnErr {
    match error {
        PayError::Declined => OnErr::Store,
        PayError::Guard(_) => OnErr::Hold,
    }
}

#[idempotent(
    key = "charge:{order.id}:{order.channel}:{key}",
    strategy = "setnx",
    ttl = "7d",
    lease = "1m",
    max_runtime = "15m",
    fingerprint(order.total),
    wait = "5s",
    on_duplicate = "replay",
    on_err = "store",
    on_cancel = "hold",
    engine = state.idem,
    map_err = PayError::Guard,
    codec = idem::Json,
    on_outage = "run"
)]
async fn charge(state: &State, order: &Order, key: &IdempotencyKey) -> Result<Receipt, PayError> {
    tokio::task::yield_now().await;
    if order.total == 0 {
        return Err(PayError::Declined);
    }
    Ok(Receipt { total: order.total })
}

#[idempotent(key = "refund:{id}", strategy = "setnx", on_err = judge)]
async fn refund(id: OrderId, mut total: u64) -> Result<Receipt, PayError> {
    use std::ops::AddAssign as _;
    const FEE: u64 = 1;

    tokio::task::yield_now().await;
    total.add_assign(FEE);
    Ok(Receipt { total: total + id.0 })
}

#[idempotent(key = "redeem:{id}", strategy = "token", token = form.0, store = "kv")]
async fn redeem(id: OrderId, form: (Token, u64)) -> Result<u64, PayError> {
    tokio::task::yield_now().await;
    Ok(form.1)
}

#[idempotent(key = "mail:{to}", strategy = "setnx", on_duplicate = "reject", on_cancel = "finish")]
async fn mail(to: String, (subject, _): (String, u8)) -> Result<(), PayError> {
    tokio::task::yield_now().await;
    drop((to, subject));
    Ok(())
}

impl State {
    #[idempotent(
        key = "ship:{id}",
        strategy = "setnx",
        fingerprint = "off",
        engine = self.idem,
        on_err = judge,
        map_err = PayError::from
    )]
    async fn ship(&self, id: u64) -> Result<Option<u64>, PayError> {
        tokio::task::yield_now().await;
        Ok(Some(id))
    }
}

#[test]
fn keys_are_clean_too() {
    let order = Order { id: OrderId(7), channel: Channel::Web, total: 1 };
    assert_eq!(key!("charge:{order.id}:{order.channel}").to_string(), "charge:7:web");
    let _ = (Channel::Phone, order.total);
}

#[tokio::test]
async fn the_functions_are_called() {
    let state = State { idem: Arc::new(Idem::in_memory()) };
    let order = Order { id: OrderId(7), channel: Channel::Web, total: 1 };
    let key = "8e03978e".parse().expect("a key");
    let receipt = charge(&state, &order, &key).await.expect("charged");
    assert_eq!(receipt, Receipt { total: 1 });
    let idem = Idem::in_memory();
    idem.scope(refund(OrderId(7), 1)).await.expect("refunded");
    let with_tokens =
        Idem::builder().memory().token_secret([7; 32]).build().await.expect("an engine");
    let id = OrderId(7);
    let life = std::time::Duration::from_mins(1);
    let token = with_tokens.issue_token(&key!("redeem:{id}"), life).expect("a token");
    with_tokens.scope(redeem(id, (token, 1))).await.expect("redeemed");
    idem.scope(mail("someone".to_owned(), (String::new(), 0))).await.expect("sent");
    state.ship(7).await.expect("shipped");
}
