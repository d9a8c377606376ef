//! The example `rabbit` as a person runs it, killed at the worst moment.

use kit::process::Process;
use kit::proxy::Proxy;
use kit::rabbit::Server;
use kit::redis::{self, Flavour};

use super::support::{ACK, Broker};
use crate::brokers::SOON;
use crate::brokers::process::{interrupt, run};

fn rabbit(broker: &str, queue: &str, more: &[&str]) -> Process {
    let redis = redis::Server::shared(Flavour::Redis).url();
    let options = ["--broker", broker, "--redis", &redis, "--queue", queue];
    run(env!("CARGO_BIN_EXE_rabbit"), &[&options, more].concat())
}

/// A killed consumer's message goes to another, which finds what was done.
#[tokio::test]
async fn after_its_charge_and_before_its_acknowledgement_another_acknowledges() {
    let broker = Broker::new().await;
    let (direct, queue) = (Server::shared().url(), broker.queues.work.as_str());
    let proxy = Proxy::start(Server::shared().address()).await;
    let by_proxy = Server::shared().url_by_way_of(proxy.address());
    let acknowledged = proxy.hold_request(ACK);
    let mut first = rabbit(&by_proxy, queue, &[]);
    rabbit(&direct, queue, &["send", "killed-1", "1200"]).exit_status(SOON).await;

    let _never_delivered = acknowledged.caught().await;
    first.line_with("charged 1200 cents for killed-1", SOON).await;
    first.kill();
    proxy.cut_all();

    let mut second = rabbit(&direct, queue, &[]);
    let line = second.line_with("killed-1", SOON).await;
    assert!(line.contains("Replayed"), "{line}");
    interrupt(&mut second).await;
    assert_eq!(broker.ready().await, [0, 0], "acknowledged");
    assert!(broker.dead_letters().await.is_empty());
}

#[tokio::test]
async fn what_is_no_order_is_put_aside() {
    let broker = Broker::new().await;
    let queue = broker.queues.work.as_str();
    broker.send("killed-2", "a dozen eggs").await;
    broker.send_without_id(r#"{"cents": 1200}"#).await;
    let mut consumer = rabbit(&Server::shared().url(), queue, &[]);
    let mut letters = Vec::new();
    kit::wait_for("two dead letters", SOON, async || {
        letters.extend(broker.dead_letters().await);
        letters.len() >= 2
    })
    .await;
    interrupt(&mut consumer).await;
    letters.sort_by(|one, other| one.id.cmp(&other.id));
    assert!(letters[0].reason.contains("`{id}` of `charge` is empty"), "{letters:?}");
    assert!(letters[1].reason.contains("it is no order"), "{letters:?}");
    assert_eq!((letters.len(), broker.ready().await), (2, [0, 0]));
}
