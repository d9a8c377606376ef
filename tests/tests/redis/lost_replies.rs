//! The store does what it is asked, and its reply is lost: at each command of a call.

use std::sync::atomic::Ordering;
use std::time::Duration;

use idem::{Error, Outcome, Plan, with_outcome};

use crate::behind_proxy::Scene;
use crate::spoken::{PATIENT, SOON, Spoken, abandon, call, lapsed};

const PLAN: Plan = Plan::setnx();

/// How a takeover begins on the wire, and nothing else: nine words, by a script.
const TAKEOVER: &[u8] = b"*9\r\n$7\r\nEVALSHA\r\n";

however_spoken! {
    to_the_claim
    to_the_claim_twice
    to_the_takeover
    to_the_renewal
    to_the_completion
    to_the_release
}

async fn to_the_claim(spoken: Spoken) {
    let scene = Scene::on(spoken, PATIENT).await;
    let lost = scene.proxy.swallow_reply_to(&scene.key);
    let (answer, outcome) = call(&scene.idem, PLAN, &scene.key, &scene.runs).await;
    lost.landed().await;
    scene.assert_ran(answer, outcome, 1).await;
}

/// Also when the claim is sent again, found to be its own, and the renewal's reply is lost too.
async fn to_the_claim_twice(spoken: Spoken) {
    let scene = Scene::on(spoken, PATIENT).await;
    let lost = [(); 3].map(|()| scene.proxy.swallow_reply_to(&scene.key));
    let (answer, outcome) = call(&scene.idem, PLAN, &scene.key, &scene.runs).await;
    for lost in lost {
        lost.landed().await;
    }
    scene.assert_ran(answer, outcome, 1).await;
}

async fn to_the_takeover(spoken: Spoken) {
    let scene = Scene::on(spoken, PATIENT).await;
    abandon(&scene.direct, PLAN.lease(Duration::from_millis(100)), &scene.key).await;
    lapsed(&scene.direct, &scene.key).await;
    let lost = scene.proxy.swallow_reply_to(TAKEOVER);
    let (answer, outcome) = call(&scene.idem, PLAN, &scene.key, &scene.runs).await;
    lost.landed().await;
    scene.assert_ran(answer, outcome, 2).await;
}

async fn to_the_renewal(spoken: Spoken) {
    let scene = Scene::on(spoken, PATIENT).await;
    let key = &scene.key;
    let lease = Duration::from_millis(900);
    let body = async {
        let claimed = std::time::Instant::now();
        scene.proxy.swallow_reply_to(key).landed().await;
        // Past the lease of the claim: renewing has gone on.
        tokio::time::sleep((2 * lease).saturating_sub(claimed.elapsed())).await;
        assert!(!idem::attempt().is_cancelled());
        let (answer, _) = call(&scene.direct, PLAN, key, &scene.runs).await;
        assert!(matches!(answer.unwrap_err(), Error::InFlight { .. }));
        Ok(scene.runs.fetch_add(1, Ordering::Relaxed) + 1)
    };
    let plan = PLAN.lease(lease);
    let (answer, outcome) =
        with_outcome(scene.idem.call(&plan, idem::key!("op:{key}"), body)).await;
    scene.assert_ran(answer, outcome, 1).await;
}

async fn to_the_completion(spoken: Spoken) {
    let scene = Scene::on(spoken, PATIENT).await;
    let key = &scene.key;
    let mut lost = None;
    let body = async {
        lost = Some(scene.proxy.swallow_reply_to(key));
        Ok(scene.runs.fetch_add(1, Ordering::Relaxed) + 1)
    };
    let (answer, outcome) =
        with_outcome(scene.idem.call(&PLAN, idem::key!("op:{key}"), body)).await;
    lost.unwrap().landed().await;
    scene.assert_ran(answer, outcome, 1).await;
}

async fn to_the_release(spoken: Spoken) {
    let scene = Scene::on(spoken, PATIENT).await;
    let key = &scene.key;
    let mut lost = None;
    let body = async {
        lost = Some(scene.proxy.swallow_reply_to(key));
        Err::<usize, _>(Error::in_flight("the body's own", SOON))
    };
    let (answer, outcome) =
        with_outcome(scene.idem.call(&PLAN, idem::key!("op:{key}"), body)).await;
    lost.unwrap().landed().await;
    let error = answer.unwrap_err();
    assert!(error.to_string().contains("the body's own"), "{error}");
    assert!(matches!(outcome, Outcome::Ran { attempt: 1, stored: true, .. }), "{outcome:?}");
    let (answer, outcome) = call(&scene.idem, PLAN, key, &scene.runs).await;
    scene.assert_ran(answer, outcome, 2).await;
}
