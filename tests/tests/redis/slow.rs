//! A server that is slow, and answers: its connection is kept, and nothing is sent to it twice.

use std::time::Duration;

use idem::{Error, Outcome, Plan};
use tokio::time::{Instant, sleep, sleep_until};

use crate::behind_proxy::Scene;
use crate::spoken::{Spoken, call, unique};

const TIMEOUT: Duration = Duration::from_secs(6);
/// For how long a connection may be silent.
const SILENCE: Duration = Duration::from_secs(2);
const PLAN: Plan = Plan::setnx();

however_spoken! {
    what_waits_behind_others_is_not_sent_again
    a_step_whose_time_is_over_ends_no_connection_for_others
}

async fn what_waits_behind_others_is_not_sent_again(spoken: Spoken) {
    let scene = Scene::on(spoken, TIMEOUT).await;
    let (ahead, behind) = (unique(), unique());
    let [first, second] = [&ahead, &behind].map(|key| scene.proxy.hold_request(key));
    let connections = scene.proxy.connections();
    let first_call = call(&scene.idem, PLAN, &ahead, &scene.runs);
    let second_call = async {
        let caught = first.caught().await;
        let slow = async {
            sleep(SILENCE * 3 / 5).await;
            caught.deliver().await;
            let caught = second.caught().await;
            sleep(SILENCE * 3 / 5).await;
            caught.deliver().await;
        };
        tokio::join!(call(&scene.idem, PLAN, &behind, &scene.runs), slow).0
    };
    for (answer, outcome) in <[_; 2]>::from(tokio::join!(first_call, second_call)) {
        assert!(answer.is_ok(), "{answer:?}");
        assert!(matches!(outcome, Outcome::Ran { stored: true, .. }), "{outcome:?}");
    }
    assert_eq!(scene.proxy.connections(), connections, "the connection was given up");
}

async fn a_step_whose_time_is_over_ends_no_connection_for_others(spoken: Spoken) {
    let mut scene = Scene::on(spoken, TIMEOUT).await;
    let (early, late) = (unique(), unique());
    scene.proxy.refuse().await;
    scene.proxy.cut_all();
    let over = Instant::now() + TIMEOUT;
    let Scene { proxy, idem, runs, .. } = &mut scene;
    // It finds no server until its time is almost over.
    let early_call = call(idem, PLAN, &early, runs);
    let late_call = async {
        sleep_until(over - SILENCE).await;
        let held = proxy.hold_request(&early);
        proxy.accept().await;
        let caught = held.caught().await;
        let connections = proxy.connections();
        let slow = async {
            sleep_until(over + SILENCE / 4).await;
            caught.deliver().await;
        };
        let (late, ()) = tokio::join!(call(idem, PLAN, &late, runs), slow);
        assert_eq!(proxy.connections(), connections, "the connection was given up");
        late
    };
    let ((early, _), (late, _)) = tokio::join!(early_call, late_call);
    assert!(matches!(early, Err(Error::Outage { .. })), "{early:?}");
    assert!(late.is_ok(), "{late:?}");
}
