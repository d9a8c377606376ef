//! A message whose handling fails for a while.

use idem::idempotent;

use super::support::{Broker, Shop};
use crate::charge::Problem;
use crate::consumer::Message;

#[idempotent(key = "charge:{message.id}", strategy = "setnx", engine = shop.idem)]
async fn charge(shop: &Shop, message: &Message) -> Result<(), Problem> {
    if shop.answers(&message.id).is_empty() {
        return Err(idem::Error::outage("the provider is away").into());
    }
    shop.charge(&message.id);
    Ok(())
}

/// C85: an `Err` frees the key.
#[tokio::test]
async fn it_runs_again() {
    let (broker, shop) = (Broker::new().await, Shop::new().await);
    let handler = shop.clone();
    let consumer = broker
        .consumer(move |message| {
            let shop = handler.clone();
            async move { shop.noted(&message.id, charge(&shop, &message)).await }
        })
        .await;
    broker.send("m-1", "1200").await;
    shop.answered("m-1", "ran").await;
    consumer.stop().await;
    assert_eq!(shop.answers("m-1"), ["failed", "ran"]);
    assert_eq!(shop.charges("m-1"), 1);
    assert_eq!(broker.ready().await, [0, 0]);
}
