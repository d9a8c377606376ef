//! Bodies that have changed, that are wrong, and that are too large.

use kit::nginx;

use crate::points::service::{
    Instance, asks, assert_problem, balance, claimed, credit, json, ten, two_instances,
};

#[tokio::test]
async fn a_key_with_another_body_is_refused_and_told_nothing() {
    let instance = Instance::alone().await;
    let first = credit("ada", &ten("a", 0, "first")).send(instance.address).await;
    assert_eq!(first.status, 201);
    let others = [
        ten("b", 0, "first"),
        ten("a", 1, "first"),
        ten("a", 0, "last"),
        r#"{"account":"a","points":11,"effect":"first"}"#.to_owned(),
    ];
    for other in others {
        let answer = credit("ada", &other).send(instance.address).await;
        assert_problem(&answer, 422, "mismatch");
        assert!(!answer.text().contains("ada") && !answer.text().contains("k-1"));
    }
    let query = asks("POST", "/credit?twice", "ada").key("k-1").json(&ten("a", 0, "first"));
    assert_problem(&query.send(instance.address).await, 422, "mismatch");
    assert_eq!(balance(instance.address, "a").await, 10);

    let reordered = r#" {"effect": "first", "points": 10, "account": "a"} "#;
    let answer = credit("ada", reordered).send(instance.address).await;
    assert_eq!((answer.is_replayed(), answer.text()), (true, first.text()));
}

#[tokio::test]
async fn another_body_is_refused_while_the_first_is_in_flight() {
    let [one, other] = two_instances().await;
    let sent = credit("changes", &ten("changes", 2000, "last")).start(one.address).await;
    claimed("changes").await;
    let changed = credit("changes", &ten("changes", 2001, "last")).send(other.address).await;
    assert_problem(&changed, 422, "mismatch");
    assert_eq!(sent.answer().await.expect("an answer").status, 201);
    assert_eq!(balance(other.address, "changes").await, 10);
}

#[tokio::test]
async fn a_body_that_is_wrong_claims_nothing() {
    let instance = Instance::alone().await;
    let nginx = nginx::Server::before(&[instance.address], "");
    let untyped = asks("POST", "/credit", "ada").key("k-1").send(instance.address).await;
    assert_eq!(untyped.status, 415);
    let long = ten(&"a".repeat(101), 0, "first");
    for (body, status) in [
        ("", 400),
        ("{", 400),
        ("\u{0}", 400),
        ("[]", 422),
        (r#"{"account":"a"}"#, 422),
        (r#"{"account":"","points":10}"#, 422),
        (r#"{"account":"a","points":-10}"#, 422),
        (r#"{"account":"a","points":1e99}"#, 422),
        (r#"{"account":"a","points":10,"point":10}"#, 422),
        (r#"{"account":"a","points":10,"effect":"never"}"#, 422),
        (r#"{"account":"a","points":10,"delay_ms":600000}"#, 422),
        (&long, 422),
    ] {
        for door in [instance.address, nginx.address()] {
            let answer = credit("ada", body).send(door).await;
            assert_eq!(answer.status, status, "{body}: {}", answer.text());
        }
    }
    assert_eq!(balance(instance.address, "a").await, 0);
    let corrected = credit("ada", &ten("a", 0, "first")).send(nginx.address()).await;
    assert_eq!((corrected.status, corrected.is_replayed()), (201, false));
    assert_eq!(json(&corrected)["account"], "a");
}

#[tokio::test]
async fn a_body_of_50_mib_is_refused_and_not_kept() {
    let instance = Instance::alone().await;
    let nginx = nginx::Server::before(&[instance.address], "");
    let passes_all = nginx::Server::before(&[instance.address], "client_max_body_size 0;");
    let large = format!("{}{}", " ".repeat(50 << 20), ten("a", 0, "first"));
    for door in [instance.address, nginx.address(), passes_all.address()] {
        assert_eq!(credit("ada", &large).send(door).await.status, 413);
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", instance.process.pid()));
    let status = status.expect("it lives");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().expect("kB");
    assert!(peak < 40_000, "{peak} kB");
    assert_eq!(balance(instance.address, "a").await, 0);
}
