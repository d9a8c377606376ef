//! A Redis that is away, comes back, or whose answer is lost.

use kit::http::Answer;
use kit::proxy::Proxy;
use kit::redis::{Flavour, Server};

use crate::points::service::{Instance, asks, balance, credit, json, ten};

#[track_caller]
fn assert_unavailable(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(json(answer)["status"], 503);
}

#[tokio::test]
async fn without_its_redis_everybody_is_told_so_and_with_it_the_next_is_answered() {
    let mut redis = Server::with(Flavour::Redis).config("appendonly", "yes").start();
    let instance = Instance::on(&redis.url()).await;
    let post = credit("ada", &ten("a", 0, "first"));
    assert_eq!(post.clone().send(instance.address).await.status, 201);
    redis.stop();
    let unprotected = asks("POST", "/unprotected/credit", "ada").json(&ten("a", 0, "first"));
    let requests = [
        credit("bob", &ten("b", 0, "first")),
        unprotected,
        asks("GET", "/balance/a", "ada"),
        asks("GET", "/credits/unknown", "ada"),
        asks("DELETE", "/access", "eve"),
    ];
    for request in &requests {
        assert_unavailable(&request.clone().send(instance.address).await);
    }
    redis.start_again();
    let statuses = [201, 201, 200, 404, 204];
    for (request, status) in requests.into_iter().zip(statuses) {
        assert_eq!(request.send(instance.address).await.status, status);
    }
    assert!(post.send(instance.address).await.is_replayed());
    assert_eq!(balance(instance.address, "a").await, 20, "by the two that were answered");
}

/// Nobody has asked meanwhile, and its connections are closed.
#[tokio::test]
async fn the_first_request_after_a_restart_is_answered() {
    let mut redis = Server::with(Flavour::Redis).config("appendonly", "yes").start();
    let instance = Instance::on(&redis.url()).await;
    let restarts = [
        ("balance", asks("GET", "/balance/a", "ada"), 200),
        ("credit", credit("ada", &ten("a", 0, "first")), 201),
        ("named", asks("PUT", "/credit/c-1", "ada").json(&ten("a", 0, "first")), 201),
    ];
    for (name, request, status) in restarts {
        redis.restart();
        let answer = request.send(instance.address).await;
        assert_eq!(answer.status, status, "{name}: {}", answer.text());
    }
    assert_eq!(balance(instance.address, "a").await, 20);
}

#[tokio::test]
async fn a_redis_that_hangs_is_given_up() {
    let mut redis = Server::start(Flavour::Redis);
    let instance = Instance::on(&redis.url()).await;
    let post = credit("ada", &ten("a", 0, "first"));
    redis.pause();
    assert_unavailable(&post.clone().send(instance.address).await);
    redis.resume();
    assert_eq!(post.send(instance.address).await.status, 201);
    assert_eq!(balance(instance.address, "a").await, 10);
}

/// The points are there, and the ledger does not know it: what it sends again adds nothing.
#[tokio::test]
async fn an_entry_whose_answer_is_lost_is_added_once() {
    let redis = Server::start(Flavour::Redis);
    let proxy = Proxy::start(redis.address()).await;
    let instance = Instance::on(&redis.url_by_way_of(proxy.address())).await;
    for (path, account) in [("/credit", "guarded"), ("/unprotected/credit", "not")] {
        let body = ten(account, 0, "last");
        let first = asks("POST", path, "ada").key("k-1").json(&body).send(instance.address).await;
        assert_eq!(first.status, 201);
        let lost = proxy.swallow_reply_to(format!("points:balance:{account}"));
        let post = asks("POST", path, "ada").key(format!("k-2-{account}")).json(&body);
        let answer = post.send(instance.address).await;
        assert_eq!((answer.status, &json(&answer)["balance"]), (201, &20.into()));
        assert_eq!(lost.landed().await, b":20\r\n");
        assert_eq!(balance(instance.address, account).await, 20);
    }
}
