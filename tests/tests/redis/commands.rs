//! How many commands a call sends, as the server saw them.

use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use idem::store::State;
use idem::{Error, Idem, Plan};
use kit::redis::Monitor;

use crate::spoken::{self, PATIENT, SOON, Spoken, abandon, call, lapsed, unique};

const PLAN: Plan = Plan::setnx();

however_spoken! {
    a_fresh_call_is_two_commands_and_its_duplicate_one
    a_call_in_flight_elsewhere_is_at_most_two
    another_payload_is_one
    a_call_after_an_err_is_three
    a_takeover_is_three
    what_needs_no_store_asks_none
    looking_is_one
    a_renewal_is_one
}

struct Scene {
    idem: Idem,
    elsewhere: Idem,
    monitor: Monitor,
    key: String,
    runs: AtomicUsize,
}

impl Scene {
    async fn on(spoken: Spoken) -> Self {
        let server = spoken.shared();
        Self {
            idem: spoken.warm_engine(&server.url(), PATIENT).await,
            elsewhere: spoken.engine(&server.url(), PATIENT).await,
            monitor: server.monitor().await,
            key: unique(),
            runs: AtomicUsize::new(0),
        }
    }

    /// What was sent for the key since this was last asked.
    async fn sent(&mut self) -> Vec<String> {
        self.monitor.seen_with(&self.key).await
    }

    async fn assert_sent(&mut self, commands: usize) {
        let sent = self.sent().await;
        assert_eq!(sent.len(), commands, "{sent:#?}");
    }
}

async fn a_fresh_call_is_two_commands_and_its_duplicate_one(spoken: Spoken) {
    let mut scene = Scene::on(spoken).await;
    call(&scene.idem, PLAN, &scene.key, &scene.runs).await.0.unwrap();
    scene.assert_sent(2).await;
    for _ in 0..2 {
        call(&scene.idem, PLAN, &scene.key, &scene.runs).await.0.unwrap();
        scene.assert_sent(1).await;
    }
    assert_eq!(scene.runs.into_inner(), 1);
}

async fn a_call_in_flight_elsewhere_is_at_most_two(spoken: Spoken) {
    let mut scene = Scene::on(spoken).await;
    abandon(&scene.elsewhere, PLAN, &scene.key).await;
    scene.assert_sent(1).await;
    let error = call(&scene.idem, PLAN, &scene.key, &scene.runs).await.0.unwrap_err();
    assert!(matches!(error, Error::InFlight { .. }), "{error:?}");
    let sent = scene.sent().await;
    assert!((1..=2).contains(&sent.len()), "{sent:#?}");
}

async fn another_payload_is_one(spoken: Spoken) {
    let mut scene = Scene::on(spoken).await;
    let key = scene.key.clone();
    let elsewhere = scene.elsewhere.clone();
    let body = async {
        scene.sent().await;
        let other = idem::key!("op:{key}").fingerprint(&2);
        let call = scene.idem.call(&PLAN, other, async { Ok::<_, Error>(2) });
        let error = call.await.unwrap_err();
        assert!(matches!(error, Error::Mismatch { .. }), "{error:?}");
        scene.assert_sent(1).await;
        Ok::<_, Error>(1)
    };
    let first = elsewhere.call(&PLAN, idem::key!("op:{key}").fingerprint(&1), body);
    assert_eq!(Box::pin(first).await.unwrap(), 1);
}

async fn a_call_after_an_err_is_three(spoken: Spoken) {
    let mut scene = Scene::on(spoken).await;
    let key = scene.key.clone();
    let failing = async { Err::<usize, _>(Error::in_flight("its own", Duration::ZERO)) };
    scene.idem.call(&PLAN, idem::key!("op:{key}"), failing).await.unwrap_err();
    scene.assert_sent(2).await;
    call(&scene.idem, PLAN, &key, &scene.runs).await.0.unwrap();
    scene.assert_sent(3).await;
}

async fn a_takeover_is_three(spoken: Spoken) {
    let mut scene = Scene::on(spoken).await;
    let plan = PLAN.lease(Duration::from_millis(100));
    abandon(&scene.elsewhere, plan, &scene.key).await;
    lapsed(&scene.idem, &scene.key).await;
    scene.sent().await;
    call(&scene.idem, PLAN, &scene.key, &scene.runs).await.0.unwrap();
    scene.assert_sent(3).await;
}

async fn what_needs_no_store_asks_none(spoken: Spoken) {
    let mut scene = Scene::on(spoken).await;
    // A key that is in flight in this process.
    let key = scene.key.clone();
    let idem = scene.idem.clone();
    let body = async {
        scene.assert_sent(1).await;
        let error = call(&scene.idem, PLAN, &key, &scene.runs).await.0.unwrap_err();
        assert!(matches!(error, Error::InFlight { .. }), "{error:?}");
        scene.assert_sent(0).await;
        Ok::<_, Error>(1)
    };
    idem.call(&PLAN, idem::key!("op:{key}"), body).await.unwrap();

    let prefix = unique();
    let builder = spoken.builder(&spoken.shared().url(), PATIENT).await.unwrap();
    let disabled = builder.prefix(&prefix).disabled().build().await.unwrap();
    let builder = spoken.builder(&spoken.shared().url(), PATIENT).await.unwrap();
    let idem = builder.prefix(&prefix).build().await.unwrap();
    // What a new connection asks of the server.
    scene.monitor.seen_with(&prefix).await;
    for _ in 0..2 {
        call(&disabled, PLAN, "1", &scene.runs).await.0.unwrap();
    }
    let error = call(&idem, PLAN, "", &scene.runs).await.0.unwrap_err();
    assert!(matches!(error, Error::InvalidKey { .. }), "{error:?}");
    let sent = scene.monitor.seen_with(&prefix).await;
    assert!(sent.is_empty(), "{sent:#?}");
    assert_eq!(scene.runs.into_inner(), 2);
}

async fn looking_is_one(spoken: Spoken) {
    let mut scene = Scene::on(spoken).await;
    let key = scene.key.clone();
    call(&scene.idem, PLAN, &key, &scene.runs).await.0.unwrap();
    scene.sent().await;
    let entry = scene.idem.get(&idem::key!("op:{key}")).await.unwrap().unwrap();
    assert_eq!(entry.state, Some(State::Completed));
    scene.assert_sent(1).await;
}

async fn a_renewal_is_one(spoken: Spoken) {
    let mut scene = Scene::on(spoken).await;
    let key = scene.key.clone();
    let idem = scene.idem.clone();
    let lease = Duration::from_millis(900);
    let begun = std::time::Instant::now();
    let body = async {
        scene.sent().await;
        let mut renewals = Vec::new();
        kit::wait_for("three renewals", SOON, async || {
            renewals.extend(scene.sent().await);
            renewals.len() >= 3
        })
        .await;
        // One every third of the lease, and not one more.
        let most = begun.elapsed().as_millis() / (lease / 3).as_millis();
        assert!(renewals.len() as u128 <= most, "{most}: {renewals:#?}");
        let script = |command: &String| command.split(' ').take(2).collect::<String>();
        let first = script(&renewals[0]);
        assert!(renewals.iter().all(|command| script(command) == first), "{renewals:#?}");
        Ok::<_, Error>(1)
    };
    let plan = PLAN.lease(lease);
    assert_eq!(idem.call(&plan, idem::key!("op:{key}"), body).await.unwrap(), 1);
    // However many there were, the completion follows, and is one.
    let sent = scene.sent().await;
    assert!(!sent.is_empty(), "{sent:#?}");
    spoken::assert_replays(&idem, &key, 1).await;
}
