//! A broker, or a store, that is killed in the middle of a consumer's work, and started again with what
//! it has kept.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use idem::store::State;
use idem::{Error, Idem};
use kit::ledger::Ledger;
use kit::process::Process;
use kit::proxy::Proxy;
use kit::rabbit;
use kit::redis::{Flavour, Server};

use super::support::Broker;
use crate::brokers::SOON;
use crate::brokers::process::{interrupt, press_ctrl_c, run};
use crate::consumer::Message;
use crate::queues::Queues;

/// More than a consumer has at once.
const MESSAGES: usize = 50;
/// So many that some are always on their way from one queue to the other.
const REFUSED: usize = 600;
/// The one that is being handled when it happens.
const CAUGHT: &str = ":charge:m-25";

/// A broker and a store of the test's own, and the example between them.
struct Stand {
    rabbit: rabbit::Server,
    redis: Server,
    proxy: Proxy,
    broker: Broker,
}

impl Stand {
    /// With messages in its queue.
    async fn new() -> Self {
        let rabbit = rabbit::Server::start();
        let redis = Server::with(Flavour::Redis).config("appendonly", "yes").start();
        let proxy = Proxy::start(redis.address()).await;
        let broker = Broker::of(Queues::named("orders"), rabbit.address()).await;
        for id in ids() {
            broker.send(&id, r#"{"cents": 1200}"#).await;
        }
        Self { rabbit, redis, proxy, broker }
    }

    fn consumer(&self) -> Process {
        let redis = self.redis.url_by_way_of(self.proxy.address());
        let options = ["--broker", &self.rabbit.url(), "--redis", &redis];
        run(env!("CARGO_BIN_EXE_rabbit"), &options)
    }

    async fn engine(&self) -> Idem {
        Idem::builder().redis(self.redis.url()).prefix("shop").build().await.unwrap()
    }

    /// Each message is charged once, and acknowledged.
    async fn judge(&self, mut consumer: Process) {
        for _ in ids() {
            consumer.line_with("charged 1200 cents", SOON).await;
        }
        let idem = self.engine().await;
        for id in ids() {
            kit::wait_for(&format!("{id} to be charged"), SOON, async || {
                let entry = idem.get(&idem::key!("charge:{id}")).await.unwrap();
                let entry = entry.filter(|entry| entry.state == Some(State::Completed));
                entry.is_some_and(|entry| entry.attempts == 1)
            })
            .await;
        }
        let broker = Broker::of(self.broker.queues.clone(), self.rabbit.address()).await;
        interrupt(&mut consumer).await;
        assert_eq!(broker.ready().await, [0, 0], "all are acknowledged");
        assert!(broker.dead_letters().await.is_empty());
    }
}

fn ids() -> impl Iterator<Item = String> {
    (0..MESSAGES).map(|number| format!("m-{number}"))
}

/// Its connection is lost, with all that was delivered on it and not acknowledged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_broker_delivers_again_and_nothing_is_charged_twice() {
    let mut stand = Stand::new().await;
    let claim = stand.proxy.hold_request(CAUGHT);
    let consumer = stand.consumer();
    let claim = claim.caught().await;
    stand.rabbit.kill();
    drop(claim); // goes on
    stand.rabbit.start_again();
    stand.judge(consumer).await;
}

/// What is charged and not stored when it dies is stored when it is back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_store_has_every_charge_once() {
    let mut stand = Stand::new().await;
    let claim = stand.proxy.hold_request(CAUGHT);
    let consumer = stand.consumer();
    let claim = claim.caught().await;
    let result = stand.proxy.hold_request(CAUGHT);
    claim.deliver().await;
    let result = result.caught().await;
    stand.redis.kill();
    stand.redis.start_again();
    drop(result); // goes nowhere
    stand.judge(consumer).await;
}

/// It ends what it has begun, though there is nobody to acknowledge it to.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn told_to_stop_while_its_broker_is_killed_a_consumer_stores_what_it_has_done() {
    let mut stand = Stand::new().await;
    let claim = stand.proxy.hold_request(CAUGHT);
    let mut consumer = stand.consumer();
    let (claim, result) = (claim.caught().await, stand.proxy.hold_request(CAUGHT));
    claim.deliver().await;
    let result = result.caught().await;
    press_ctrl_c(&consumer);
    press_ctrl_c(&consumer);
    stand.rabbit.kill();
    drop(result); // goes on
    assert_eq!(consumer.exit_status(SOON).await, 0, "it ends well");
    let idem = stand.engine().await;
    let id = "m-25";
    let entry = idem.get(&idem::key!("charge:{id}")).await.unwrap().unwrap();
    assert_eq!(entry.state, Some(State::Completed));
}

#[tokio::test]
async fn a_consumer_that_has_no_broker_can_be_stopped() {
    let mut stand = Stand::new().await;
    let mut consumer = stand.consumer();
    consumer.line_with("charged 1200 cents", SOON).await;
    stand.rabbit.kill();
    interrupt(&mut consumer).await;
}

/// As an orchestrator stops it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn terminated_a_consumer_ends_what_it_has_begun() {
    let stand = Stand::new().await;
    let claim = stand.proxy.hold_request(CAUGHT);
    let mut consumer = stand.consumer();
    let (claim, result) = (claim.caught().await, stand.proxy.hold_request(CAUGHT));
    claim.deliver().await;
    let result = result.caught().await;
    consumer.terminate();
    drop(result); // goes on
    assert_eq!(consumer.exit_status(SOON).await, 0, "it ends well");
    let (idem, id) = (stand.engine().await, "m-25");
    let entry = idem.get(&idem::key!("charge:{id}")).await.unwrap().unwrap();
    assert_eq!(entry.state, Some(State::Completed));
}

#[tokio::test]
async fn a_queue_that_is_deleted_under_a_consumer_is_made_again() {
    let broker = Broker::new().await;
    let redis = Server::shared(Flavour::Redis).url();
    let (url, queue) = (rabbit::Server::shared().url(), broker.queues.work.as_str());
    let options = ["--broker", &url, "--redis", &redis, "--queue", queue];
    let mut consumer = run(env!("CARGO_BIN_EXE_rabbit"), &options);
    consumer.line_with("waiting for messages", SOON).await;
    broker.delete().await;
    consumer.line_with("waiting for messages", SOON).await;
    broker.send("deleted-1", r#"{"cents": 1200}"#).await;
    consumer.line_with("charged 1200 cents for deleted-1", SOON).await;
    interrupt(&mut consumer).await;
}

/// Refused, a message is on its way to where it waits, or waits there, or is on its way back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_to_come_again_outlives_a_killed_broker() {
    let mut rabbit = rabbit::Server::start();
    let broker = Broker::of(Queues::named("orders"), rabbit.address()).await;
    for number in 0..REFUSED {
        broker.send(&format!("m-{number}"), "1200").await;
    }
    let (asked, done) = (Arc::new(Ledger::new()), Arc::new(Ledger::new()));
    let is_away = Arc::new(AtomicBool::new(true));
    let handle = {
        let (asked, done, is_away) = (Arc::clone(&asked), Arc::clone(&done), Arc::clone(&is_away));
        move |message: Message| {
            let is_away = is_away.load(Ordering::SeqCst);
            asked.append(&message.id, "asked");
            if !is_away {
                done.append(&message.id, "done");
            }
            async move { if is_away { Err(Error::outage("the store is away").into()) } else { Ok(()) } }
        }
    };
    let consumer = broker.consumer_by_way_of(rabbit.address(), handle.clone()).await;
    kit::wait_for("many to be refused", SOON, async || {
        asked.entries().len() > REFUSED + REFUSED / 2
    })
    .await;
    rabbit.kill();
    consumer.lost().await;
    rabbit.start_again();
    let broker = Broker::of(broker.queues.clone(), rabbit.address()).await;
    is_away.store(false, Ordering::SeqCst);
    let consumer = broker.consumer_by_way_of(rabbit.address(), handle).await;
    kit::wait_for("each to come again", SOON, async || {
        let done: HashSet<_> = done.entries().into_iter().map(|(id, _)| id).collect();
        done.len() == REFUSED
    })
    .await;
    consumer.stop().await; // some may have come twice, and be left
    assert!(broker.dead_letters().await.is_empty());
}
