//! A message that the producer sends again, because it got no confirmation.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kit::proxy::Proxy;
use kit::rabbit::Server;

use super::support::{Broker, Shop, connect, handle};
use crate::brokers::SOON;

#[tokio::test]
async fn it_is_charged_once_though_two_messages_arrive() {
    let (broker, shop) = (Broker::new().await, Shop::new().await);
    let proxy = Proxy::start(Server::shared().address()).await;
    let producer = connect(proxy.address()).await.unwrap();
    let channel = broker.queues.open(&producer).await.unwrap();
    let confirmed = proxy.swallow_reply_to("1200 cents");
    broker.queues.send(&channel, "m-1", b"1200 cents").await.unwrap_err();
    confirmed.landed().await; // the broker has it, and the producer can't know
    broker.send("m-1", "1200 cents").await;
    assert_eq!(broker.ready().await, [2, 0]);

    let handler = shop.clone();
    let consumer = broker.consumer(move |message| handle(handler.clone(), message)).await;
    // In flight at first, if the one that runs is not done yet.
    shop.answered("m-1", "replayed").await;
    consumer.stop().await;
    assert_eq!(shop.charges("m-1"), 1);
    assert_eq!(broker.ready().await, [0, 0]);
}

/// C91, with each message sent twice.
#[tokio::test]
async fn two_consumers_of_one_queue_charge_each_once() {
    const MESSAGES: usize = 40;
    let (broker, shop) = (Broker::new().await, Shop::new().await);
    let ids: Vec<_> = (0..MESSAGES).map(|number| format!("m-{number}")).collect();
    let mut consumers = Vec::new();
    let shares: [Arc<AtomicUsize>; 2] = Default::default();
    for share in &shares {
        let (shop, share) = (shop.clone(), Arc::clone(share));
        let handler = move |message| {
            share.fetch_add(1, Ordering::SeqCst);
            handle(shop.clone(), message)
        };
        consumers.push(broker.consumer(handler).await);
    }
    for id in &ids {
        broker.send(id, "1200").await;
        broker.send(id, "1200").await; // the other consumer's turn
    }
    let answered = |id: &String| shop.answers(id).iter().any(|answer| answer == "replayed");
    kit::wait_for("both of each", SOON, async || ids.iter().all(answered)).await;
    for consumer in consumers {
        consumer.stop().await;
    }
    assert!(ids.iter().all(|id| shop.charges(id) == 1));
    assert_eq!(broker.ready().await, [0, 0]);
    assert!(broker.dead_letters().await.is_empty());
    assert!(shares.iter().all(|share| share.load(Ordering::SeqCst) > 0), "{shares:?}");
}
