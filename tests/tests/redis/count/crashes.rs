//! `kill -9` between every two steps of a call: never more effects than the limit.

use std::time::Duration;

use kit::ledger::Ledger;
use kit::proxy::Proxy;

use crate::caller::{Caller, FOR_EVER};
use crate::spoken::{SOON, Spoken, unique};

however_spoken! {
    before_the_claim_has_arrived
    after_the_claim_and_before_the_body
    in_the_body
    after_the_effect_and_before_the_completion_has_arrived
    after_the_completion_and_before_its_answer
}

/// A process behind a proxy, to be killed, and one that reaches the server directly.
struct Scene {
    proxy: Proxy,
    killed: Caller,
    next: Caller,
    ledger: Ledger,
    key: String,
}

impl Scene {
    async fn on(spoken: Spoken) -> Self {
        let (server, ledger) = (spoken.shared(), Ledger::new());
        let proxy = Proxy::start(server.address()).await;
        let url = server.url_by_way_of(proxy.address());
        let mut killed = Caller::start(spoken, &url, &ledger).await;
        let mut next = Caller::start(spoken, &server.url(), &ledger).await;
        // Every script is known, so that none is sent twice.
        for caller in [&mut killed, &mut next] {
            let warm = unique();
            caller.count(&warm, 1, Duration::ZERO, Duration::ZERO);
            assert_eq!(caller.done(&warm).await.0, "ran");
        }
        Self { proxy, killed, next, ledger, key: unique() }
    }

    /// What the next call is told in the end, and how many effects there are then.
    async fn next(mut self, limit: u32) -> (String, usize) {
        self.next.count(&self.key, limit, SOON, Duration::ZERO);
        let (how, what) = self.next.done(&self.key).await;
        (if how == "refused" { what } else { how }, self.ledger.count(&self.key))
    }
}

fn told(how: &str, effects: usize) -> (String, usize) {
    (how.to_owned(), effects)
}

async fn before_the_claim_has_arrived(spoken: Spoken) {
    let mut scene = Scene::on(spoken).await;
    let held = scene.proxy.hold_request(&scene.key);
    scene.killed.count(&scene.key, 1, Duration::ZERO, Duration::ZERO);
    let _caught = held.caught().await;
    scene.killed.process.kill();
    assert_eq!(scene.next(1).await, told("ran", 1));
}

/// It arrives after its process is gone, too: then it is spent.
async fn after_the_claim_and_before_the_body(spoken: Spoken) {
    for (limit, expected) in [(1, told("exhausted", 0)), (2, told("ran", 1))] {
        let mut scene = Scene::on(spoken).await;
        let held = scene.proxy.hold_request(&scene.key);
        scene.killed.count(&scene.key, limit, Duration::ZERO, Duration::ZERO);
        let caught = held.caught().await;
        scene.killed.process.kill();
        caught.deliver().await;
        assert_eq!(scene.next(limit).await, expected);
    }
}

/// H43
async fn in_the_body(spoken: Spoken) {
    for (limit, expected) in [(1, told("exhausted", 1)), (2, told("ran", 2))] {
        let mut scene = Scene::on(spoken).await;
        scene.killed.count(&scene.key, limit, Duration::ZERO, FOR_EVER);
        scene.killed.running(&scene.key).await;
        scene.killed.process.kill();
        assert_eq!(scene.next(limit).await, expected);
    }
}

async fn after_the_effect_and_before_the_completion_has_arrived(spoken: Spoken) {
    for (limit, expected) in [(1, told("exhausted", 1)), (2, told("ran", 2))] {
        let mut scene = Scene::on(spoken).await;
        let body = Duration::from_millis(200);
        scene.killed.count(&scene.key, limit, Duration::ZERO, body);
        scene.killed.running(&scene.key).await;
        let held = scene.proxy.hold_request(&scene.key);
        let _caught = held.caught().await;
        scene.killed.process.kill();
        assert_eq!(scene.next(limit).await, expected);
    }
}

async fn after_the_completion_and_before_its_answer(spoken: Spoken) {
    let mut scene = Scene::on(spoken).await;
    let body = Duration::from_millis(200);
    scene.killed.count(&scene.key, 1, Duration::ZERO, body);
    scene.killed.running(&scene.key).await;
    let held = scene.proxy.hold_request(&scene.key);
    let caught = held.caught().await;
    scene.killed.process.kill();
    caught.deliver().await;
    assert_eq!(scene.next(1).await, told("replayed", 1));
}
