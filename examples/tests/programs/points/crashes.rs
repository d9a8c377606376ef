//! Instances that die in the middle, and one that is asked to end.

use kit::wait_for;

use crate::points::service::{
    SOON, asks, balance, claimed, credit, instances_asked, json, nginx_of_the_example, ten,
    two_instances, until_answered,
};

/// Long enough to be killed in.
const SLOW: u16 = 3000;

/// The lease lapses, and the other instance takes over. If the first had its effect, the second attempt
/// finds it in the ledger by its `downstream_key`.
#[tokio::test]
async fn an_instance_that_is_killed_leaves_one_effect() {
    let killed = async |effect: &str| {
        let [mut one, other] = two_instances().await;
        let account = format!("killed-{effect}");
        let post = credit(&account, &ten(&account, SLOW, effect));
        let sent = post.clone().start(one.address).await;
        claimed(&account).await;
        let there = if effect == "first" { 10 } else { 0 };
        wait_for("the effect", SOON, async || balance(other.address, &account).await == there)
            .await;
        one.process.kill();
        assert_eq!(sent.answer().await, None);
        assert_eq!(balance(other.address, &account).await, there);

        let answer = until_answered(&post, other.address).await;
        assert_eq!((answer.status, answer.is_replayed()), (201, false), "{}", answer.text());
        assert_eq!(json(&answer)["balance"], 10);
        assert_eq!(balance(other.address, &account).await, 10);
        let again = post.send(other.address).await;
        assert_eq!((again.is_replayed(), again.text()), (true, answer.text()));
    };
    tokio::join!(killed("first"), killed("last"));
}

#[tokio::test]
async fn an_upstream_that_is_killed_is_one_more_retry() {
    let mut instances = two_instances().await;
    let nginx = nginx_of_the_example(&instances);
    let post = credit("upstream", &ten("upstream", SLOW, "first"));
    let sent = post.clone().start(nginx.address()).await;
    wait_for("the effect", SOON, async || balance(instances[1].address, "upstream").await == 10)
        .await;
    instances[0].process.kill();
    let unanswered = sent.answer().await.expect("Nginx answers");
    assert_eq!(instances_asked(&unanswered), 2);
    assert!(matches!(unanswered.status, 409 | 504), "{}", unanswered.text());

    // What is left of the service answers once the lease of the dead has lapsed.
    let mut answer = until_answered(&post, instances[1].address).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer = until_answered(&post, nginx.address()).await;
    assert_eq!((answer.status, answer.is_replayed()), (201, true), "{}", answer.text());
    assert_eq!(balance(nginx.address(), "upstream").await, 10);
}

#[tokio::test]
async fn an_instance_that_is_asked_to_end_finishes_what_it_has_begun() {
    let [mut one, other] = two_instances().await;
    let [waits, left] = [("waits", "last"), ("left", "first")]
        .map(|(user, effect)| credit(user, &ten(user, 1500, effect)));
    let sent = waits.clone().start(one.address).await;
    let leaves = left.clone().start(one.address).await;
    claimed("waits").await;
    // A claim is not enough: whose client leaves before the body has begun has asked for nothing.
    wait_for("the effect", SOON, async || balance(other.address, "left").await == 10).await;
    drop(leaves);
    one.process.terminate();

    let answer = sent.answer().await.expect("its client is answered");
    assert_eq!((answer.status, answer.is_replayed()), (201, false), "{}", answer.text());
    assert_eq!(one.process.exit_status(SOON).await, 0);
    for (user, request) in [("waits", waits), ("left", left)] {
        assert!(request.send(other.address).await.is_replayed(), "{user}");
        assert_eq!(balance(other.address, user).await, 10);
    }
    let health = asks("GET", "/healthz", "nobody").send(other.address).await;
    assert_eq!(health.status, 200);
}
