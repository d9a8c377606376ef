//! What duplicates get, and who gets nothing.

use crate::points::service::{Instance, asks, balance, credit, json, ten, two_instances};

/// On instances that share a Redis, and on one with all in its memory.
async fn both_kinds() -> [(&'static str, Vec<Instance>); 2] {
    [("shared", two_instances().await.into()), ("alone", vec![Instance::alone().await])]
}

#[tokio::test]
async fn a_duplicate_gets_the_same_answer_at_any_instance() {
    for (kind, instances) in both_kinds().await {
        let user = format!("again-{kind}");
        let post = credit(&user, &ten(&user, 0, "last"));
        let first = post.clone().send(instances[0].address).await;
        assert_eq!((first.status, first.is_replayed()), (201, false), "{}", first.text());
        let made = json(&first);
        assert_eq!((&made["account"], &made["balance"]), (&user.as_str().into(), &10.into()));
        let location = format!("/credits/{}", made["credit_id"].as_str().expect("an id"));
        assert_eq!(first.header("location"), Some(&*location));

        for instance in &instances {
            let again = post.clone().send(instance.address).await;
            assert_eq!((again.status, again.is_replayed()), (201, true));
            assert_eq!((again.text(), again.header("location")), (first.text(), Some(&*location)));
            assert_eq!(balance(instance.address, &user).await, 10);

            let shown = asks("GET", &location, &user).send(instance.address).await;
            assert_eq!((shown.status, &json(&shown)["points"]), (200, &10.into()));
            let strange = asks("GET", &location, "eve").send(instance.address).await;
            assert_eq!((strange.status, strange.text()), (404, ""));
        }
    }
}

#[tokio::test]
async fn one_key_of_two_users_is_two_requests() {
    for (kind, instances) in both_kinds().await {
        let [ada, bob] = ["ada", "bob"].map(|user| format!("{user}-{kind}"));
        let last = instances.last().expect("one at least").address;
        let for_ada = credit(&ada, &ten(&ada, 0, "first")).send(instances[0].address).await;
        // The very same request but for who asks.
        let for_bob = credit(&bob, &ten(&ada, 0, "first")).send(last).await;
        assert_eq!((for_bob.status, for_bob.is_replayed()), (201, false));
        assert_ne!(json(&for_ada)["credit_id"], json(&for_bob)["credit_id"]);
        assert_eq!(balance(last, &ada).await, 20);
    }
}

#[tokio::test]
async fn whose_access_was_revoked_gets_no_stored_answer() {
    for (kind, instances) in both_kinds().await {
        let user = format!("revoked-{kind}");
        let post = credit(&user, &ten(&user, 0, "first"));
        let last = instances.last().expect("one at least").address;
        assert_eq!(post.clone().send(last).await.status, 201);
        assert_eq!(asks("DELETE", "/access", &user).send(instances[0].address).await.status, 204);
        let again = post.send(last).await;
        assert_eq!((again.status, again.text(), again.header("location")), (403, "", None));
        assert!(!again.is_replayed());
    }
}

#[tokio::test]
async fn one_key_on_two_resources_is_two_requests() {
    let instance = Instance::alone().await;
    let body = ten("a", 0, "first");
    let post = credit("ada", &body).send(instance.address).await;
    let put = asks("PUT", "/credit/k-1", "ada").json(&body).send(instance.address).await;
    assert_eq!((put.status, put.is_replayed()), (201, false), "{}", put.text());
    assert_ne!(json(&post)["credit_id"], json(&put)["credit_id"]);
    assert_eq!(balance(instance.address, "a").await, 20);
}
