//! A consumer that is stopped for so long that its broker gives it up, and goes on when another has its
//! message. By their name these tests begin before the other ones of brokers: one of them waits for
//! half a minute.

use kit::process::Process;
use kit::proxy::Proxy;
use kit::rabbit::Server;
use kit::redis::{self, Flavour};

use super::support::{ACK, Broker};
use crate::brokers::SOON;
use crate::brokers::process::{interrupt, run};

/// The example, by a connection on which both sides have to say something each second.
fn rabbit(broker: &str, redis: &str, queue: &str) -> Process {
    let broker = format!("{broker}?heartbeat=1");
    run(env!("CARGO_BIN_EXE_rabbit"), &["--broker", &broker, "--redis", redis, "--queue", queue])
}

/// Both consumers work, and then nothing is left.
async fn judge(broker: &Broker, mut first: Process, mut second: Process, more: &str) {
    first.line_with("waiting for messages", SOON).await;
    interrupt(&mut second).await;
    broker.send(more, r#"{"cents": 1200}"#).await;
    first.line_with(&format!("charged 1200 cents for {more}"), SOON).await;
    interrupt(&mut first).await;
    assert_eq!(broker.ready().await, [0, 0], "all are acknowledged");
    assert!(broker.dead_letters().await.is_empty());
}

#[tokio::test]
async fn after_its_charge_another_acknowledges() {
    let broker = Broker::new().await;
    let (direct, queue) = (Server::shared().url(), broker.queues.work.as_str());
    let redis = redis::Server::shared(Flavour::Redis).url();
    let proxy = Proxy::start(Server::shared().address()).await;
    let acknowledged = proxy.hold_request(ACK);
    let by_proxy = Server::shared().url_by_way_of(proxy.address());
    let mut first = rabbit(&by_proxy, &redis, queue);
    first.line_with("waiting for messages", SOON).await;
    broker.send("stopped-1", r#"{"cents": 1200}"#).await;
    let _never_delivered = acknowledged.caught().await;
    first.pause();

    let mut second = rabbit(&direct, &redis, queue);
    let line = second.line_with("stopped-1", SOON).await;
    assert!(line.contains("Replayed"), "{line}");
    first.resume();
    judge(&broker, first, second, "stopped-2").await;
}

/// Stopped between its effect and its result, past its lease of half a minute: the other charges again,
/// under the same key, and its result stands.
#[tokio::test]
async fn before_its_result_another_charges_under_the_same_key() {
    let broker = Broker::new().await;
    let (direct, queue) = (Server::shared().url(), broker.queues.work.as_str());
    let server = redis::Server::shared(Flavour::Redis);
    let proxy = Proxy::start(server.address()).await;
    let mut first = rabbit(&direct, &server.url_by_way_of(proxy.address()), queue);
    first.line_with("waiting for messages", SOON).await;
    let claim = proxy.hold_request(":charge:stopped-3");
    broker.send("stopped-3", r#"{"cents": 1200}"#).await;
    let (claim, result) = (claim.caught().await, proxy.hold_request(":charge:stopped-3"));
    claim.deliver().await;
    let result = result.caught().await;
    first.pause();
    let charged = first.line_with("charged 1200 cents for stopped-3", SOON).await;

    let mut second = rabbit(&direct, &server.url(), queue);
    let again = second.line_with("charged 1200 cents for stopped-3", 2 * SOON).await;
    assert_eq!(again, charged, "the provider knows it");
    let line = second.line_with("stopped-3", SOON).await;
    assert!(line.contains("Ran { attempt: 2, stored: true"), "{line}");
    first.resume();
    drop(result); // it comes now
    let line = first.line_with("stopped-3", SOON).await;
    assert!(line.contains("Ran { attempt: 1, stored: false"), "{line}");
    judge(&broker, first, second, "stopped-4").await;
}
