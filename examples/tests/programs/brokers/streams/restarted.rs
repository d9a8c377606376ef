//! A broker and a database that are killed at the worst moment, and started again with what they have
//! kept.

use kit::database::{self, Kind};
use kit::proxy::Proxy;
use kit::redis::{Flavour, Server};

use super::support::Stand;
use crate::brokers::SOON;
use crate::brokers::database::Database;
use crate::brokers::process::interrupt;

/// The booking is committed, and its acknowledgement goes nowhere.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_broker_delivers_again_and_nothing_is_booked_twice() {
    let mut redis = Server::with(Flavour::Redis).config("appendonly", "yes").start();
    let mut stand = Stand::on(&redis, Database::new().await).await;
    let proxy = Proxy::start(redis.address()).await;
    let broker = redis.url_by_way_of(proxy.address());
    let mut consumer = stand.consumer_by_way_of(&broker, &stand.database.url()).await;
    let acknowledged = proxy.hold_request("XACK");
    stand.send("m-1", "1200").await;
    stand.send("m-2", "1200").await;
    let acknowledged = acknowledged.caught().await;
    redis.kill();
    redis.start_again();
    drop(acknowledged); // goes nowhere

    consumer.line_with(r#""m-1": Ok(Replayed"#, SOON).await;
    stand.redis = redis.client().await;
    stand.settled().await;
    assert_eq!(stand.bookings().await, 2);
}

/// Whether its commit has come is not known: it has not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_database_has_every_booking_once() {
    let (redis, mut postgres) =
        (Server::start(Flavour::Redis), database::Server::start(Kind::Postgres));
    let mut stand = Stand::on(&redis, Database::of(&postgres).await).await;
    let proxy = Proxy::start(postgres.address()).await;
    let url = stand.database.url_by_way_of(proxy.address());
    let mut consumer = stand.consumer_by_way_of(&redis.url(), &url).await;
    let commit = proxy.hold_request("COMMIT");
    stand.send("m-1", "1200").await;
    stand.send("m-2", "1200").await;
    let commit = commit.caught().await;
    postgres.kill();
    postgres.start_again();
    drop(commit); // goes nowhere

    for id in ["m-1", "m-2"] {
        consumer.line_with(&format!("{id:?}: Ok(Ran"), SOON).await;
    }
    stand.settled().await;
    assert_eq!(stand.bookings().await, 2);
}

#[tokio::test]
async fn a_consumer_that_has_no_broker_can_be_stopped() {
    let mut redis = Server::start(Flavour::Redis);
    let stand = Stand::on(&redis, Database::new().await).await;
    let mut consumer = stand.consumer().await;
    redis.kill();
    interrupt(&mut consumer).await;
}
