//! A message that will never succeed.

use std::process::Command;

use idem::idempotent;
use kit::rabbit::Server;
use kit::redis::Client;

use super::support::{Broker, DeadLetter, Shop, handle};
use crate::brokers::SOON;
use crate::charge::Problem;
use crate::consumer::Message;

async fn one_dead_letter(broker: &Broker) -> DeadLetter {
    let mut letters = Vec::new();
    kit::wait_for("a dead letter", SOON, async || {
        letters.extend(broker.dead_letters().await);
        !letters.is_empty()
    })
    .await;
    assert_eq!(letters.len(), 1, "{letters:?}");
    letters.remove(0)
}

/// C90: nothing tells it from any other, so nothing is stored and nothing runs.
#[tokio::test]
async fn without_an_id_it_is_put_aside() {
    let (broker, shop) = (Broker::new().await, Shop::new().await);
    let handler = shop.clone();
    let consumer = broker.consumer(move |message| handle(handler.clone(), message)).await;
    broker.send_without_id("1200").await;
    let letter = one_dead_letter(&broker).await;
    consumer.stop().await;
    assert!(letter.reason.contains("`{message.id}` of `charge` is empty"), "{letter:?}");
    assert_eq!((shop.answers(""), shop.charges("")), (vec!["invalid_key".to_owned()], 0));
    assert_eq!(broker.ready().await, [0, 0]);
    let mut redis = Client::connect(&shop.place.server().unwrap().url()).await;
    let records = redis.keys(&format!("{}:*", shop.place.prefix())).await;
    assert!(records.is_empty(), "{records:?}");
}

/// AMQP has 255 bytes for it.
#[tokio::test]
async fn one_with_an_id_that_is_too_long_is_not_sent() {
    let (id, url) = ("x".repeat(256), Server::shared().url());
    let options = ["--broker", &url, "--queue", "long", "send", &id, "1200"];
    let out = Command::new(env!("CARGO_BIN_EXE_rabbit")).args(options).output().unwrap();
    let told = String::from_utf8_lossy(&out.stderr);
    assert!(!out.status.success() && !told.contains("panicked"), "{told}");
    assert!(told.contains("exceeds maximum length of 255 bytes"), "{told}");
}

#[tokio::test]
async fn with_an_id_that_was_used_for_another_it_is_put_aside() {
    let (broker, shop) = (Broker::new().await, Shop::new().await);
    let handler = shop.clone();
    let consumer = broker.consumer(move |message| handle(handler.clone(), message)).await;
    broker.send("m-1", "1200").await;
    shop.answered("m-1", "ran").await;
    broker.send("m-1", "9900").await;
    let letter = one_dead_letter(&broker).await;
    consumer.stop().await;
    assert_eq!((&*letter.id, shop.charges("m-1")), ("m-1", 1));
    assert!(letter.reason.contains("was used before with other arguments"), "{letter:?}");
    assert_eq!(broker.ready().await, [0, 0]);
}

#[idempotent(key = "fragile:{message.id}", strategy = "count", limit = 2, lease = "500ms", engine = shop.idem)]
async fn fragile(shop: &Shop, message: &Message) -> Result<(), Problem> {
    shop.charge(&message.id);
    panic!("a bug that this message finds");
}

/// Attempts are counted by the store, so those of consumers that died count too.
#[tokio::test]
async fn that_ends_each_of_its_attempts_it_is_put_aside_when_they_are_spent() {
    let (broker, shop) = (Broker::new().await, Shop::new().await);
    let handler = shop.clone();
    let consumer = broker
        .consumer(move |message| {
            let shop = handler.clone();
            async move { shop.noted(&message.id, fragile(&shop, &message)).await }
        })
        .await;
    broker.send("m-1", "1200").await;
    let letter = one_dead_letter(&broker).await;
    broker.send("m-2", "no bug of ours ends the consumer").await;
    kit::wait_for("the next message", SOON, async || shop.charges("m-2") > 0).await;
    consumer.stop().await;
    assert_eq!((&*letter.id, shop.charges("m-1")), ("m-1", 2));
    assert!(letter.reason.contains("no attempt left"), "{letter:?}");
}
