//! How many commands a counted call sends, by the server's own statistics, and what they leave.

use std::sync::atomic::AtomicUsize;

use idem::{Error, Idem, OnErr};
use kit::redis::{Client, Server};

use super::{ONCE, SHORT, is_exhausted};
use crate::spoken::{PATIENT, SOON, Spoken, abandon, call, lapsed};

however_spoken! {
    each_step_is_one_script
    every_write_has_a_time_to_live
    a_count_without_a_time_to_live_is_given_its_window
    a_value_that_is_not_ours_is_given_none
}

/// A server of the test's own, since its statistics are everybody's.
struct Scene {
    _server: Server,
    client: Client,
    idem: Idem,
    elsewhere: Idem,
    runs: AtomicUsize,
}

const NAME: &str = "idem:op:1";

impl Scene {
    async fn on(spoken: Spoken) -> Self {
        let server = Server::start(spoken.flavour());
        let idem = spoken.warm_engine(&server.url(), PATIENT).await;
        let elsewhere = spoken.engine(&server.url(), PATIENT).await;
        let client = server.client().await;
        Self { _server: server, client, idem, elsewhere, runs: AtomicUsize::new(0) }
    }

    /// How many scripts were run by `step`; nothing else was asked for.
    async fn scripts(&mut self, step: impl AsyncFnOnce(&Self)) -> u64 {
        let before = self.client.command_stats().await;
        step(self).await;
        let sent = self.client.command_stats().await.since(&before);
        assert_eq!((sent.calls("eval"), sent.calls("evalsha")), (0, sent.calls("evalsha")));
        // What the scripts do inside is counted too.
        let inside = ["get", "set", "pttl", "time", "pexpire", "evalsha"];
        let known: u64 = inside.iter().map(|name| sent.calls(name)).sum();
        assert_eq!(known, sent.total(), "{sent:?}");
        sent.calls("evalsha")
    }

    async fn ttl(&self) -> i64 {
        self.client.clone().run(&["PTTL", NAME]).await
    }
}

/// C109
async fn each_step_is_one_script(spoken: Spoken) {
    let mut scene = Scene::on(spoken).await;
    let ok = async |scene: &Scene| {
        call(&scene.idem, ONCE, "1", &scene.runs).await.0.unwrap();
    };
    assert_eq!(scene.scripts(ok).await, 2, "fresh");
    assert_eq!(scene.scripts(ok).await, 1, "a duplicate");
    abandon(&scene.elsewhere, ONCE.lease(SHORT), "2").await;
    let in_flight = async |scene: &Scene| {
        let answer = call(&scene.idem, ONCE, "2", &scene.runs).await.0;
        assert!(matches!(answer, Err(Error::InFlight { .. })), "{answer:?}");
    };
    assert_eq!(scene.scripts(in_flight).await, 1, "in flight elsewhere");
    lapsed(&scene.idem, "2").await;
    let exhausted = async |scene: &Scene| {
        assert!(is_exhausted(&call(&scene.idem, ONCE, "2", &scene.runs).await.0));
    };
    assert_eq!(scene.scripts(exhausted).await, 1, "exhausted");
    let next = async |scene: &Scene| {
        call(&scene.idem, ONCE.limit(2), "2", &scene.runs).await.0.unwrap();
    };
    assert_eq!(scene.scripts(next).await, 3, "the next attempt");
    let released = async |scene: &Scene| {
        let body = async { Err::<u8, _>(Error::in_flight("the body's own", SOON)) };
        let (plan, three) = (ONCE.on_err(OnErr::Release), 3);
        scene.idem.call(&plan, idem::key!("op:{three}"), body).await.unwrap_err();
    };
    assert_eq!(scene.scripts(released).await, 2, "given back");
    let after = async |scene: &Scene| {
        call(&scene.idem, ONCE, "3", &scene.runs).await.0.unwrap();
    };
    assert_eq!(scene.scripts(after).await, 3, "after an `Err`");
}

/// H48: the window is the key's TTL, and begins with the first attempt.
async fn every_write_has_a_time_to_live(spoken: Spoken) {
    const WINDOW: i64 = 86_400_000;
    let scene = Scene::on(spoken).await;
    let key = "1";
    let first = ONCE.lease(SHORT).limit(5);
    abandon(&scene.idem, first, key).await;
    let mut last = scene.ttl().await;
    assert!((WINDOW - 60_000..=WINDOW).contains(&last), "{last}");
    lapsed(&scene.idem, key).await;
    let body = async {
        for what in ["taken over", "renewed"] {
            let now = scene.ttl().await;
            assert!((WINDOW - 60_000..last).contains(&now), "{what}: {now} after {last}");
            last = now;
            tokio::time::sleep(2 * SHORT).await;
        }
        Err::<u8, _>(Error::in_flight("the body's own", SOON))
    };
    let released = first.on_err(OnErr::Release);
    scene.elsewhere.call(&released, idem::key!("op:{key}"), body).await.unwrap_err();
    let now = scene.ttl().await;
    assert!((WINDOW - 60_000..last).contains(&now), "given back: {now} after {last}");
    call(&scene.idem, first, key, &scene.runs).await.0.unwrap();
    let done = scene.ttl().await;
    assert!((now..=WINDOW).contains(&done) && done > now, "completed: {done} after {now}");
}

/// H49: whatever has taken it away.
async fn a_count_without_a_time_to_live_is_given_its_window(spoken: Spoken) {
    let scene = Scene::on(spoken).await;
    let mut client = scene.client.clone();
    let key = "1";
    let window = std::time::Duration::from_hours(1);
    let plan = ONCE.lease(SHORT).limit(3).ttl(window);
    let mut persist = async || {
        // What renews may have repaired it before anybody could look.
        assert_eq!(client.run::<i64>(&["PERSIST", NAME]).await, 1);
    };
    let repaired = async |what: &str| {
        let ttl = scene.ttl().await;
        assert!((1..=3_600_000).contains(&ttl) && ttl > 3_500_000, "{what}: {ttl}");
    };
    let in_flight = |answer: &Result<usize, Error>| matches!(answer, Err(Error::InFlight { .. }));
    abandon(&scene.elsewhere, plan.lease(SOON), key).await;
    persist().await;
    assert!(in_flight(&call(&scene.idem, plan, key, &scene.runs).await.0));
    repaired("found live").await;

    let (key, fence) = (idem::key!("op:{key}"), 1);
    persist().await;
    assert_eq!(scene.idem.release(&key, fence).await.unwrap(), idem::store::Settled::Done);
    repaired("given back").await;
    persist().await;
    let body = async {
        repaired("claimed").await;
        persist().await;
        tokio::time::sleep(SHORT).await;
        repaired("renewed").await;
        persist().await;
        Ok::<_, Error>(2)
    };
    scene.idem.call(&plan, key, body).await.unwrap();
    repaired("completed").await;
}

async fn a_value_that_is_not_ours_is_given_none(spoken: Spoken) {
    let scene = Scene::on(spoken).await;
    let mut client = scene.client.clone();
    // As long as the end of a lease, so that it could be one.
    for value in ["", "0001800000000123", "somebody else's"] {
        client.run::<()>(&["SET", NAME, value]).await;
        let answer = call(&scene.idem, ONCE, "1", &scene.runs).await.0;
        assert!(matches!(answer, Err(Error::Unreadable { .. })), "{answer:?}");
        assert_eq!(
            (scene.ttl().await, client.run::<String>(&["GET", NAME]).await),
            (-1, value.into())
        );
    }
    client.run::<()>(&["DEL", NAME]).await;
    client.run::<()>(&["RPUSH", NAME, "a list"]).await;
    let answer = call(&scene.idem, ONCE, "1", &scene.runs).await.0;
    assert!(matches!(answer, Err(Error::Unreadable { .. })), "{answer:?}");
    assert_eq!(scene.runs.into_inner(), 0);
}
