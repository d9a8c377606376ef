//! What was sent long ago arrives now: it is counted once, or not at all.

use std::time::Duration;

use idem::store::State;
use idem::{Error, OnErr, Plan};

use super::is_exhausted;
use crate::behind_proxy::Scene;
use crate::spoken::{Spoken, assert_replays, call, lapsed};

/// Long enough for a send on a loaded machine, short enough to wait for.
const TIMEOUT: Duration = Duration::from_millis(600);
const LEASE: Duration = Duration::from_secs(1);
const PLAN: Plan = Plan::count().lease(LEASE);

however_spoken! {
    a_second_copy_of_the_claim_is_not_counted
    a_claim_of_an_attempt_that_was_given_back_is_not_counted
    a_claim_whose_caller_has_given_up_is_spent
    an_attempt_that_was_superseded_gives_nothing_back
}

async fn a_second_copy_of_the_claim_is_not_counted(spoken: Spoken) {
    let scene = Scene::on(spoken, TIMEOUT).await;
    let held = scene.proxy.hold_request(&scene.key);
    call(&scene.idem, PLAN, &scene.key, &scene.runs).await.0.unwrap();
    held.caught().await.deliver().await;
    assert_replays(&scene.direct, &scene.key, 1).await;
}

/// The claim is sent again, won, and given back; then the first copy of it arrives.
async fn a_claim_of_an_attempt_that_was_given_back_is_not_counted(spoken: Spoken) {
    let scene = Scene::on(spoken, TIMEOUT).await;
    let key = &scene.key;
    let released = PLAN.on_err(OnErr::Release);
    let held = scene.proxy.hold_request(key);
    let body = async { Err::<u8, _>(Error::outage("the body's own")) };
    scene.idem.call(&released, idem::key!("op:{key}"), body).await.unwrap_err();
    held.caught().await.deliver().await;
    let entry = scene.entry().await;
    assert_eq!((entry.state, entry.spent), (Some(State::Free), Some(0)));
    call(&scene.direct, PLAN, key, &scene.runs).await.0.unwrap();
    assert_replays(&scene.direct, key, 1).await;
}

/// Nobody knows whether it has run: rather not at all.
async fn a_claim_whose_caller_has_given_up_is_spent(spoken: Spoken) {
    let mut scene = Scene::on(spoken, TIMEOUT).await;
    let held = scene.proxy.hold_request(&scene.key);
    scene.proxy.refuse().await;
    let (answer, _) = call(&scene.idem, PLAN, &scene.key, &scene.runs).await;
    assert!(matches!(answer.unwrap_err(), Error::Outage { .. }));
    held.caught().await.deliver().await;
    assert_eq!(scene.entry().await.spent, Some(1));
    let (answer, _) = call(&scene.direct, PLAN, &scene.key, &scene.runs).await;
    assert!(matches!(answer.unwrap_err(), Error::InFlight { .. }));
    lapsed(&scene.direct, &scene.key).await;
    assert!(is_exhausted(&call(&scene.direct, PLAN, &scene.key, &scene.runs).await.0));
    assert_eq!(scene.runs.into_inner(), 0);
}

/// A release that is on its way while its attempt lapses and is taken over.
async fn an_attempt_that_was_superseded_gives_nothing_back(spoken: Spoken) {
    let mut scene = Scene::on(spoken, TIMEOUT).await;
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let (idem, key) = (scene.idem.clone(), scene.key.clone());
    let call_of_key = tokio::spawn(async move {
        let body = async {
            receiver.await.unwrap();
            Err::<u8, _>(Error::outage("the body's own"))
        };
        let plan = PLAN.on_err(OnErr::Release);
        idem.call(&plan, idem::key!("op:{key}"), body).await
    });
    kit::wait_for("the body to begin", crate::spoken::SOON, async || {
        let key = &scene.key;
        scene.direct.get(&idem::key!("op:{key}")).await.unwrap().is_some()
    })
    .await;
    let held = scene.proxy.hold_request(&scene.key);
    sender.send(()).unwrap();
    let late = held.caught().await;
    scene.proxy.refuse().await;
    lapsed(&scene.direct, &scene.key).await;
    let second = PLAN.limit(2).on_err(OnErr::Hold);
    let key = &scene.key;
    let body = async {
        late.deliver().await;
        assert_eq!(scene.entry().await.spent, Some(2), "nothing was given back");
        Err::<u8, _>(Error::outage("the body's own"))
    };
    scene.direct.call(&second, idem::key!("op:{key}"), body).await.unwrap_err();
    call_of_key.await.unwrap().unwrap_err();
    lapsed(&scene.direct, key).await;
    assert!(is_exhausted(&call(&scene.direct, second, key, &scene.runs).await.0));
}
