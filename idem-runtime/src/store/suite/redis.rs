//! What becomes of a step when its connection, its server or the server's role goes.

use std::time::{Duration, Instant};

use super::Server;
use crate::record::Start;
use crate::store::{Claim, Claimed, Name, Record, Redis, RedisOptions, Store as _, StoreError};

const TIMEOUT: Duration = Duration::from_millis(600);

async fn redis(server: &Server) -> Redis {
    server.connect(&RedisOptions::default().timeout(TIMEOUT)).await
}

async fn claim(redis: &Redis, name: &str) -> Result<Claimed, StoreError> {
    let start = Start::plain(Duration::from_secs(10), Duration::from_mins(1));
    let (name, record) = (Name::new(name), Record::running(&start, None));
    redis.claim(Claim::new(&name, &record, None)).await
}

fn assert_won(claimed: &Result<Claimed, StoreError>) {
    assert!(matches!(claimed, Ok(Claimed::Won { .. })), "{claimed:?}");
}

#[tokio::test]
async fn a_connection_that_was_closed_comes_back() {
    let server = Server::start();
    let redis = redis(&server).await;
    for name in ["pay:1", "pay:2"] {
        server.run("CLIENT KILL TYPE normal").await;
        assert_won(&claim(&redis, name).await);
    }
    server.stop();
}

#[tokio::test]
async fn a_server_that_is_held_up_is_asked_again_within_the_time() {
    let server = Server::start();
    let redis = redis(&server).await;
    server.run("CLIENT PAUSE 250 ALL").await;
    // It may find its own, sent before.
    claim(&redis, "pay:1").await.unwrap();
    server.run("CLIENT PAUSE 1500 ALL").await;
    let begun = Instant::now();
    let late = claim(&redis, "pay:2").await.unwrap_err();
    assert!(late.may_have_reached(), "{late}");
    let taken = begun.elapsed();
    assert!((TIMEOUT / 2..3 * TIMEOUT).contains(&taken), "{taken:?}");
    server.stop();
}

#[tokio::test]
async fn a_server_that_is_gone_was_not_reached() {
    let server = Server::start();
    let redis = redis(&server).await;
    server.stop();
    let begun = Instant::now();
    claim(&redis, "pay:1").await.unwrap_err();
    let refused = claim(&redis, "pay:1").await.unwrap_err();
    assert!(!refused.may_have_reached(), "{refused}");
    let taken = begun.elapsed();
    assert!((TIMEOUT / 2..4 * TIMEOUT).contains(&taken), "{taken:?}");
}

#[tokio::test]
async fn a_replica_is_refused_and_a_primary_again_is_taken() {
    let server = Server::start();
    let redis = redis(&server).await;
    server.run("REPLICAOF 127.0.0.1 1").await;
    let refused = Redis::connect(&server.url, &RedisOptions::default()).await.unwrap_err();
    assert_eq!(refused.code(), "config");
    claim(&redis, "pay:1").await.unwrap_err();
    server.run("REPLICAOF NO ONE").await;
    assert_won(&claim(&redis, "pay:1").await);
    server.stop();
}

#[tokio::test]
async fn a_script_that_the_server_has_lost_is_given_again() {
    let server = Server::start();
    let redis = redis(&server).await;
    server.run("SCRIPT FLUSH").await;
    assert!(redis.get(&Name::new("pay:1")).await.unwrap().is_none());
    server.stop();
}

#[tokio::test]
async fn a_full_server_still_tells_what_stands_there() {
    let server = Server::start();
    let redis = redis(&server).await;
    assert_won(&claim(&redis, "pay:1").await);
    server.run("CONFIG SET maxmemory 1").await;
    let found = claim(&redis, "pay:1").await;
    assert!(matches!(found, Ok(Claimed::Found(_))), "{found:?}");
    let full = claim(&redis, "pay:2").await.unwrap_err();
    assert!(full.to_string().contains("OOM"), "{full}");
    server.stop();
}

#[tokio::test]
async fn a_server_that_forbids_what_records_need_is_told() {
    let server = Server::start();
    for (right, what) in [("-set", "'set'"), ("-pttl", "pttl"), ("-evalsha", "'evalsha'")] {
        server.run(&format!("ACL SETUSER u on >p ~* +@all {right}")).await;
        let socket = server.url.split_once("://").expect("a URL").1;
        let url = format!("redis+unix://{socket}?user=u&pass=p");
        let refused = Redis::connect(&url, &RedisOptions::default()).await.unwrap_err();
        assert_eq!(refused.code(), "config", "{right}: {refused}");
        assert!(refused.to_string().contains(what), "{right}: {refused}");
    }
    server.run("ACL SETUSER u on >p ~* +@all -info").await;
    let socket = server.url.split_once("://").expect("a URL").1;
    let url = format!("redis+unix://{socket}?user=u&pass=p");
    Redis::connect(&url, &RedisOptions::default()).await.expect("it serves without INFO");
    let url = format!("redis+unix://{socket}?user=u&pass=wrong");
    let refused = Redis::connect(&url, &RedisOptions::default()).await.unwrap_err();
    assert_eq!(refused.code(), "config");
    server.stop();
}
