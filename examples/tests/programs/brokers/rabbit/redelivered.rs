//! A message that the broker delivers again, because it got no acknowledgement.

use std::sync::Arc;

use idem::idempotent;
use kit::proxy::Proxy;
use kit::rabbit::Server;
use tokio::sync::Semaphore;

use super::support::{ACK, Broker, Consumer, Shop, handle};
use crate::charge::Problem;
use crate::consumer::Message;

async fn charging(broker: &Broker, shop: &Shop) -> Consumer {
    let shop = shop.clone();
    broker.consumer(move |message| handle(shop.clone(), message)).await
}

/// C83, H73: the connection is cut when the charge is stored and its acknowledgement is on its way.
#[tokio::test]
async fn after_its_charge_it_is_acknowledged_without_another() {
    let (broker, shop) = (Broker::new().await, Shop::new().await);
    let proxy = Proxy::start(Server::shared().address()).await;
    let acknowledged = proxy.hold_request(ACK);
    let handler = shop.clone();
    let handler = move |message| handle(handler.clone(), message);
    let first = broker.consumer_by_way_of(proxy.address(), handler).await;
    broker.send("m-1", "1200").await;

    let _never_delivered = acknowledged.caught().await;
    assert_eq!(shop.answers("m-1"), ["ran"]);
    proxy.cut_all();
    first.lost().await;

    let second = charging(&broker, &shop).await;
    shop.answered("m-1", "replayed").await;
    second.stop().await;
    assert_eq!(shop.charges("m-1"), 1);
    assert_eq!(broker.ready().await, [0, 0], "acknowledged");
    assert!(broker.dead_letters().await.is_empty());
}

/// What a handler does when all else is well: it charges, and fails after it.
#[tokio::test]
async fn after_a_negative_acknowledgement_it_is_not_charged_again() {
    let (broker, shop) = (Broker::new().await, Shop::new().await);
    let handler = shop.clone();
    let consumer = broker
        .consumer(move |message| {
            let shop = handler.clone();
            async move {
                let first = shop.answers(&message.id).is_empty();
                handle(shop, message).await?;
                // A mail, say, that belongs to no guarded call.
                if first {
                    Err(idem::Error::outage("no route to the mail server").into())
                } else {
                    Ok(())
                }
            }
        })
        .await;
    broker.send("m-1", "1200").await;

    shop.answered("m-1", "replayed").await;
    consumer.stop().await;
    assert_eq!(shop.answers("m-1"), ["ran", "replayed"]);
    assert_eq!(shop.charges("m-1"), 1);
    assert_eq!(broker.ready().await, [0, 0]);
}

#[idempotent(key = "slow:{message.id}", strategy = "setnx", engine = shop.idem)]
async fn slow(shop: &Shop, message: &Message, gate: &Semaphore) -> Result<(), Problem> {
    shop.charge(&message.id);
    let _passed = gate.acquire().await.expect("it is never closed");
    Ok(())
}

/// C84: it is never acknowledged while nobody knows its outcome.
#[tokio::test]
async fn in_flight_it_comes_again_until_its_charge_is_made() {
    let (broker, shop) = (Broker::new().await, Shop::new().await);
    let gate = Arc::new(Semaphore::new(0));
    let handler = |shop: Shop, gate: Arc<Semaphore>| {
        move |message: Message| {
            let (shop, gate) = (shop.clone(), Arc::clone(&gate));
            async move { shop.noted(&message.id, slow(&shop, &message, &gate)).await }
        }
    };
    let proxy = Proxy::start(Server::shared().address()).await;
    let first = handler(shop.clone(), Arc::clone(&gate));
    let first = broker.consumer_by_way_of(proxy.address(), first).await;
    broker.send("m-1", "1200").await;
    kit::wait_for("its body to run", crate::brokers::SOON, async || shop.charges("m-1") == 1).await;
    proxy.cut_all(); // while the body runs, and goes on

    let second = broker.consumer(handler(shop.clone(), Arc::clone(&gate))).await;
    kit::wait_for("it to be refused twice", crate::brokers::SOON, async || {
        shop.answers("m-1").len() >= 2
    })
    .await;
    assert!(shop.answers("m-1").iter().all(|answer| answer == "in_flight"));
    gate.add_permits(1);
    first.lost().await;
    shop.answered("m-1", "replayed").await;
    second.stop().await;
    assert_eq!(shop.charges("m-1"), 1);
    assert_eq!(broker.ready().await, [0, 0]);
    assert!(broker.dead_letters().await.is_empty());
}
