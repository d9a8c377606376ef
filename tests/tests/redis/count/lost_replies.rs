//! The store counts, and its reply is lost: at each command of a call.

use std::sync::atomic::Ordering;
use std::time::Duration;

use idem::store::State;
use idem::{Error, OnErr, Outcome, with_outcome};

use super::{ONCE, SHORT, is_exhausted};
use crate::behind_proxy::Scene;
use crate::spoken::{PATIENT, Spoken, abandon, call, lapsed};

however_spoken! {
    to_the_claim_and_to_all_that_follow_it
    to_the_next_attempts_claim
    to_the_renewal
    to_the_completion
    to_what_gives_the_attempt_back
}

/// The claim, the claim sent again, and the renewal of what is found to be its own: counted once.
async fn to_the_claim_and_to_all_that_follow_it(spoken: Spoken) {
    for lost in 1..=3 {
        let scene = Scene::on(spoken, PATIENT).await;
        let lost: Vec<_> = (0..lost).map(|_| scene.proxy.swallow_reply_to(&scene.key)).collect();
        let body = async {
            assert_eq!(scene.direct.get(&scene.key()).await.unwrap().unwrap().spent, Some(1));
            Ok(scene.runs.fetch_add(1, Ordering::Relaxed) + 1)
        };
        let (answer, outcome) = with_outcome(scene.idem.call(&ONCE, scene.key(), body)).await;
        for lost in lost {
            lost.landed().await;
        }
        scene.assert_ran(answer, outcome, 1).await;
    }
}

async fn to_the_next_attempts_claim(spoken: Spoken) {
    let scene = Scene::on(spoken, PATIENT).await;
    abandon(&scene.direct, ONCE.lease(SHORT), &scene.key).await;
    lapsed(&scene.direct, &scene.key).await;
    // Only a claim over what has lapsed says so.
    let lost = scene.proxy.swallow_reply_to("$4\r\nends\r\n");
    let body = async {
        assert_eq!(scene.direct.get(&scene.key()).await.unwrap().unwrap().spent, Some(2));
        Ok(scene.runs.fetch_add(1, Ordering::Relaxed) + 1)
    };
    let call = scene.idem.call(&ONCE.limit(2), scene.key(), body);
    let (answer, outcome) = with_outcome(call).await;
    lost.landed().await;
    scene.assert_ran(answer, outcome, 2).await;
}

async fn to_the_renewal(spoken: Spoken) {
    let scene = Scene::on(spoken, PATIENT).await;
    let lease = Duration::from_millis(900);
    let body = async {
        let claimed = std::time::Instant::now();
        scene.proxy.swallow_reply_to(&scene.key).landed().await;
        // Past the lease of the claim: renewing has gone on.
        tokio::time::sleep((2 * lease).saturating_sub(claimed.elapsed())).await;
        assert!(!idem::attempt().is_cancelled());
        let (answer, _) = call(&scene.direct, ONCE, &scene.key, &scene.runs).await;
        assert!(matches!(answer.unwrap_err(), Error::InFlight { .. }));
        Ok(scene.runs.fetch_add(1, Ordering::Relaxed) + 1)
    };
    let call = scene.idem.call(&ONCE.lease(lease), scene.key(), body);
    let (answer, outcome) = with_outcome(call).await;
    scene.assert_ran(answer, outcome, 1).await;
}

async fn to_the_completion(spoken: Spoken) {
    let scene = Scene::on(spoken, PATIENT).await;
    let mut lost = None;
    let body = async {
        lost = Some(scene.proxy.swallow_reply_to(&scene.key));
        Ok(scene.runs.fetch_add(1, Ordering::Relaxed) + 1)
    };
    let (answer, outcome) = with_outcome(scene.idem.call(&ONCE, scene.key(), body)).await;
    lost.unwrap().landed().await;
    scene.assert_ran(answer, outcome, 1).await;
}

/// Given back once, though it is sent twice: the attempt before it stays spent.
async fn to_what_gives_the_attempt_back(spoken: Spoken) {
    let scene = Scene::on(spoken, PATIENT).await;
    abandon(&scene.direct, ONCE.lease(SHORT), &scene.key).await;
    lapsed(&scene.direct, &scene.key).await;
    let mut lost = None;
    let body = async {
        lost = Some(scene.proxy.swallow_reply_to(&scene.key));
        Err::<usize, _>(Error::outage("the body's own"))
    };
    let plan = ONCE.limit(2).on_err(OnErr::Release);
    let (answer, outcome) = with_outcome(scene.idem.call(&plan, scene.key(), body)).await;
    lost.unwrap().landed().await;
    assert!(answer.unwrap_err().to_string().contains("the body's own"));
    assert!(matches!(outcome, Outcome::Ran { attempt: 2, stored: true, .. }), "{outcome:?}");
    let entry = scene.direct.get(&scene.key()).await.unwrap().unwrap();
    assert_eq!((entry.state, entry.spent), (Some(State::Free), Some(1)));
    assert!(is_exhausted(&call(&scene.direct, ONCE, &scene.key, &scene.runs).await.0));
    let (answer, outcome) = call(&scene.idem, ONCE.limit(2), &scene.key, &scene.runs).await;
    scene.assert_ran(answer, outcome, 3).await;
}
