//! What was sent long ago arrives now.

use std::time::{Duration, Instant};

use idem::store::State;
use idem::{Error, Outcome, Plan, with_outcome};
use kit::proxy::Held;

use crate::behind_proxy::Scene;
use crate::spoken::{SOON, Spoken, assert_replays, call, lapsed};

/// Long enough for a send on a loaded machine, short enough to wait for.
const TIMEOUT: Duration = Duration::from_millis(600);
const LEASE: Duration = Duration::from_secs(1);
const PLAN: Plan = Plan::setnx().lease(LEASE);

however_spoken! {
    a_second_copy_of_the_claim_changes_nothing
    a_claim_whose_caller_has_given_up_blocks_for_a_lease
    a_completion_after_a_takeover_overwrites_nothing
    a_release_after_a_takeover_overwrites_nothing
}

async fn a_second_copy_of_the_claim_changes_nothing(spoken: Spoken) {
    let scene = Scene::on(spoken, TIMEOUT).await;
    let key = &scene.key;
    // The first copy is kept back; the claim is sent again, on a new connection.
    let held = scene.proxy.hold_request(key);
    let body = async { Ok::<_, Error>(idem::attempt().fence()) };
    let (fence, outcome) = with_outcome(scene.idem.call(&PLAN, idem::key!("op:{key}"), body)).await;
    assert_eq!(fence.unwrap(), 1);
    assert!(matches!(outcome, Outcome::Ran { stored: true, .. }), "{outcome:?}");
    held.caught().await.deliver().await;
    assert_eq!(scene.entry().await.state, Some(State::Completed));
    assert_replays(&scene.direct, key, 1).await;
}

async fn a_claim_whose_caller_has_given_up_blocks_for_a_lease(spoken: Spoken) {
    let mut scene = Scene::on(spoken, TIMEOUT).await;
    let held = scene.proxy.hold_request(&scene.key);
    scene.proxy.refuse().await;
    let (answer, outcome) = call(&scene.idem, PLAN, &scene.key, &scene.runs).await;
    assert!(matches!(answer.unwrap_err(), Error::Outage { .. }));
    assert_eq!(outcome, Outcome::Refused);
    let delivered = Instant::now();
    held.caught().await.deliver().await;
    // Nobody works for that claim; nobody can know that before its lease has lapsed.
    let (answer, _) = call(&scene.direct, PLAN, &scene.key, &scene.runs).await;
    assert!(matches!(answer.unwrap_err(), Error::InFlight { .. }));
    let waiting = PLAN.wait(SOON);
    let (answer, outcome) = call(&scene.direct, waiting, &scene.key, &scene.runs).await;
    assert_eq!(answer.unwrap(), 1);
    assert!(matches!(outcome, Outcome::Ran { attempt: 2, stored: true, .. }), "{outcome:?}");
    assert!(delivered.elapsed() >= LEASE, "{:?}", delivered.elapsed());
}

/// Has a body end in `answer` while its settlement is kept back, and the key taken over and
/// completed meanwhile.
async fn settled_too_late(scene: &mut Scene, answer: Result<usize, Error>) -> (Outcome, Held) {
    let key = scene.key.clone();
    let (idem, mut held) = (scene.idem.clone(), None);
    let body = async {
        held = Some(scene.proxy.hold_request(&key));
        scene.proxy.refuse().await;
        answer
    };
    let (_, outcome) = with_outcome(idem.call(&PLAN, idem::key!("op:{key}"), body)).await;
    lapsed(&scene.direct, &key).await;
    let (answer, outcome_of_the_next) = call(&scene.direct, PLAN, &key, &scene.runs).await;
    assert_eq!(answer.unwrap(), 1);
    let ran = matches!(outcome_of_the_next, Outcome::Ran { attempt: 2, stored: true, .. });
    assert!(ran, "{outcome_of_the_next:?}");
    (outcome, held.unwrap())
}

async fn a_completion_after_a_takeover_overwrites_nothing(spoken: Spoken) {
    let mut scene = Scene::on(spoken, TIMEOUT).await;
    let (outcome, held) = settled_too_late(&mut scene, Ok(99)).await;
    assert!(matches!(outcome, Outcome::Ran { attempt: 1, stored: false, .. }), "{outcome:?}");
    held.caught().await.deliver().await;
    assert_replays(&scene.direct, &scene.key, 1).await;
}

async fn a_release_after_a_takeover_overwrites_nothing(spoken: Spoken) {
    let mut scene = Scene::on(spoken, TIMEOUT).await;
    let own = Error::in_flight("the body's own", SOON);
    let (outcome, held) = settled_too_late(&mut scene, Err(own)).await;
    assert!(matches!(outcome, Outcome::Ran { attempt: 1, stored: false, .. }), "{outcome:?}");
    held.caught().await.deliver().await;
    assert_replays(&scene.direct, &scene.key, 1).await;
}
