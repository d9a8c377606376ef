//! A message that meets a store that is away.

use std::sync::Arc;
use std::time::Duration;

use idem::{Idem, idempotent};
use kit::proxy::Proxy;
use kit::redis::{Flavour, Server};
use tokio::sync::Mutex;

use super::support::{Broker, Consumer, Shop};
use crate::brokers::SOON;
use crate::charge::Problem;
use crate::consumer::Message;

/// A shop whose store can be taken away.
#[derive(Clone)]
struct Stand {
    shop: Shop,
    proxy: Arc<Mutex<Proxy>>,
}

impl Stand {
    async fn new() -> Self {
        let server = Server::shared(Flavour::Redis);
        let proxy = Proxy::start(server.address()).await;
        let mut shop = Shop::new().await;
        let idem = Idem::builder()
            .redis(server.url_by_way_of(proxy.address()))
            .prefix(shop.place.prefix())
            .timeout(Duration::from_secs(1));
        shop.idem = idem.build().await.unwrap();
        Self { shop, proxy: Arc::new(Mutex::new(proxy)) }
    }

    async fn take_the_store_away(&self) {
        let mut proxy = self.proxy.lock().await;
        proxy.refuse().await;
        proxy.cut_all();
    }

    async fn give_it_back(&self) {
        self.proxy.lock().await.accept().await;
    }

    async fn consumer(&self, broker: &Broker) -> Consumer {
        let stand = self.clone();
        let handle = move |message: Message| {
            let stand = stand.clone();
            async move { stand.shop.noted(&message.id, charge(&stand, &message)).await }
        };
        broker.consumer(handle).await
    }
}

#[idempotent(key = "charge:{message.id}", strategy = "setnx", engine = stand.shop.idem)]
async fn charge(stand: &Stand, message: &Message) -> Result<(), Problem> {
    stand.shop.charge(&message.id);
    if message.body == b"the store goes away" {
        stand.take_the_store_away().await;
    }
    Ok(())
}

#[tokio::test]
async fn before_its_claim_it_waits_in_the_queue() {
    let (broker, stand) = (Broker::new().await, Stand::new().await);
    let (shop, consumer) = (&stand.shop, stand.consumer(&broker).await);
    stand.take_the_store_away().await;
    broker.send("m-1", "1200").await;
    kit::wait_for("two deliveries in vain", SOON, async || {
        shop.answers("m-1").iter().filter(|answer| *answer == "outage").count() >= 2
    })
    .await;
    assert_eq!(shop.charges("m-1"), 0);

    stand.give_it_back().await;
    shop.answered("m-1", "ran").await;
    consumer.stop().await;
    assert_eq!(shop.charges("m-1"), 1);
    assert_eq!(broker.ready().await, [0, 0]);
    assert!(broker.dead_letters().await.is_empty());
}

/// The work is done, so it is acknowledged; its result is stored when that can be.
#[tokio::test]
async fn after_its_charge_it_is_acknowledged_and_a_copy_is_not_charged() {
    let (broker, stand) = (Broker::new().await, Stand::new().await);
    let (shop, consumer) = (&stand.shop, stand.consumer(&broker).await);
    broker.send("m-1", "the store goes away").await;
    shop.answered("m-1", "ran").await;
    stand.give_it_back().await;
    broker.send("m-1", "the store goes away").await;
    shop.answered("m-1", "replayed").await;
    consumer.stop().await;
    assert_eq!(shop.charges("m-1"), 1);
    assert_eq!(broker.ready().await, [0, 0]);
}
