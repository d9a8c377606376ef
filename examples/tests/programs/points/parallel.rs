//! Duplicates at once.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::points::service::{
    assert_problem, balance, claimed, credit, nginx_with, ten, two_instances, until_answered,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_duplicates_through_nginx_have_one_effect() {
    let instances = two_instances().await;
    let nginx = nginx_with(&instances, "");
    let post = credit("thousand", &ten("thousand", 100, "first"));
    let mut all = JoinSet::new();
    for _ in 0..1000 {
        all.spawn(post.clone().send(nginx.address()));
    }
    let (mut ran, mut texts) = (0, Vec::new());
    for answer in all.join_all().await {
        match answer.status {
            201 => {
                ran += usize::from(!answer.is_replayed());
                texts.push(answer.text().to_owned());
            }
            // On a machine that is too busy for the time-outs of its stores.
            503 => assert!(answer.header("retry-after").is_some()),
            _ => assert_problem(&answer, 409, "in-flight"),
        }
    }
    texts.sort_unstable();
    texts.dedup();
    assert_eq!((ran, texts.len()), (1, 1), "{texts:?}");
    for instance in &instances {
        assert_eq!(until_answered(&post, instance.address).await.text(), texts[0]);
        assert_eq!(balance(instance.address, "thousand").await, 10);
    }
}

#[tokio::test]
async fn a_duplicate_of_a_slow_request_is_told_when_to_ask_again() {
    let [one, other] = two_instances().await;
    let post = credit("slow", &ten("slow", 3000, "first"));
    let sent = post.clone().start(one.address).await;
    claimed("slow").await;
    let asked = Instant::now();
    let again = post.send(other.address).await;
    assert!(asked.elapsed() >= Duration::from_millis(800), "it waits");
    assert_problem(&again, 409, "in-flight");
    let after: u64 = again.header("retry-after").expect("a time").parse().expect("seconds");
    assert!((1..=5).contains(&after), "{after}");
    assert_eq!(sent.answer().await.expect("an answer").status, 201);
    assert_eq!(balance(other.address, "slow").await, 10);
}

#[tokio::test]
async fn a_duplicate_of_a_quick_request_waits_for_its_answer() {
    let [one, other] = two_instances().await;
    let post = credit("quick", &ten("quick", 100, "last"));
    let (first, again) = tokio::join!(post.clone().send(one.address), post.send(other.address));
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.text(), again.text());
    assert_ne!(first.is_replayed(), again.is_replayed(), "one has run");
    assert_eq!(balance(one.address, "quick").await, 10);
}
