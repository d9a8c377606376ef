//! The story: Nginx is asked once, loses its patience, and asks twice.

use kit::http::Answer;
use kit::wait_for;

use crate::points::service::{
    SOON, asks, balance, instances_asked, json, nginx_of_the_example, nginx_with, ten,
    two_instances, until_answered,
};

/// Longer than Nginx waits for both instances together.
const SLOW: u16 = 3000;

/// Whoever waited for an instance, and gave up or was told to come back.
#[track_caller]
fn assert_unanswered(answer: &Answer) {
    assert_eq!(instances_asked(answer), 2, "Nginx has asked both");
    // The second instance has 200 ms to say 409 before Nginx gives it up as well.
    assert!(matches!(answer.status, 409 | 504), "{}", answer.text());
}

#[tokio::test]
async fn without_the_attribute_the_points_are_credited_twice() {
    let instances = two_instances().await;
    let nginx = nginx_of_the_example(&instances);
    let twice = async |effect: &str| {
        let account = format!("twice-{effect}");
        let post = asks("POST", "/unprotected/credit", &account).key("k-1");
        let answer = post.json(&ten(&account, SLOW, effect)).send(nginx.address()).await;
        assert_eq!((answer.status, instances_asked(&answer)), (504, 2));
        wait_for("the second credit", SOON, async || {
            balance(nginx.address(), &account).await == 20
        })
        .await;
    };
    tokio::join!(twice("first"), twice("last"));
}

#[tokio::test]
async fn with_it_they_are_credited_once_wherever_the_effect_stands() {
    let instances = two_instances().await;
    let nginx = nginx_of_the_example(&instances);
    let once = async |effect: &str| {
        let account = format!("once-{effect}");
        let post = asks("POST", "/credit", &account).key("k-1");
        let post = post.json(&ten(&account, SLOW, effect));
        assert_unanswered(&post.clone().send(nginx.address()).await);
        let answer = until_answered(&post, nginx.address()).await;
        assert_eq!((answer.status, answer.is_replayed()), (201, true), "{}", answer.text());
        assert_eq!(json(&answer)["balance"], 10);
        assert_eq!(balance(nginx.address(), &account).await, 10);
    };
    tokio::join!(once("first"), once("last"));
}

/// What HTTP calls idempotent Nginx repeats by itself; only its patience is shorter here than by default.
#[tokio::test]
async fn a_slow_put_is_repeated_by_nginx_as_it_comes_and_credited_once() {
    let instances = two_instances().await;
    let put = async |path: &str, account: &str| {
        // A time-out bans an instance for a while: each request has an Nginx of its own.
        let nginx = nginx_with(&instances, "proxy_read_timeout 1s;");
        let put = asks("PUT", path, account).json(&ten(account, SLOW, "first"));
        (put.clone(), put.send(nginx.address()).await)
    };
    let [one, other] = [instances[0].address, instances[1].address];
    let ((_, control), (request, answer)) =
        tokio::join!(put("/unprotected/credit/c-1", "put-twice"), put("/credit/c-1", "put-once"));

    assert_eq!((control.status, instances_asked(&control)), (504, 2));
    assert_eq!(balance(one, "put-twice").await, 20);

    assert_unanswered(&answer);
    let again = until_answered(&request, other).await;
    assert_eq!((again.status, again.is_replayed()), (201, true), "{}", again.text());
    assert_eq!(balance(one, "put-once").await, 10);
}

/// So a client of a stock Nginx is left without an answer, and has to ask again by itself.
#[tokio::test]
async fn a_slow_post_is_not_repeated_by_nginx_as_it_comes() {
    let instances = two_instances().await;
    let nginx = nginx_with(&instances, "proxy_read_timeout 1s;");
    let post = asks("POST", "/credit", "post-once").key("k-1");
    let post = post.json(&ten("post-once", 2000, "last"));
    let answer = post.clone().send(nginx.address()).await;
    assert_eq!((answer.status, instances_asked(&answer)), (504, 1));
    let again = until_answered(&post, instances[1].address).await;
    assert_eq!((again.status, again.is_replayed()), (201, true), "{}", again.text());
    assert_eq!(balance(instances[0].address, "post-once").await, 10);
}
