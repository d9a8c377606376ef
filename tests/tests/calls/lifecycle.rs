//! A call, its duplicates, and what remains of it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use idem::store::State;
use idem::{Error, Outcome, Plan, with_outcome};
use kit::place::Place;

const PLAN: Plan = Plan::setnx();

on_every_store! {
    a_duplicate_gets_the_first_result
    another_key_runs
    a_call_in_flight_is_told_so
    an_err_frees_the_key
    a_lapsed_claim_is_taken_over
    a_result_is_kept_for_its_retention
    operations_are_apart
}

/// C1, C2, C3
async fn a_duplicate_gets_the_first_result(place: Place) {
    let idem = place.engine().await;
    let runs = AtomicUsize::new(0);
    let call = |user: u32| {
        let runs = &runs;
        let body =
            async move { Ok::<_, Error>(format!("run {}", runs.fetch_add(1, Ordering::Relaxed))) };
        with_outcome(idem.call(&PLAN, idem::key!("greet:{user}"), body))
    };
    let (first, outcome) = call(7).await;
    assert_eq!(first.unwrap(), "run 0");
    assert!(matches!(outcome, Outcome::Ran { attempt: 1, stored: true, .. }), "{outcome:?}");
    let (second, outcome) = call(7).await;
    assert_eq!(second.unwrap(), "run 0");
    assert!(matches!(outcome, Outcome::Replayed { .. }), "{outcome:?}");
    assert_eq!(runs.load(Ordering::Relaxed), 1);
}

/// C4
async fn another_key_runs(place: Place) {
    let idem = place.engine().await;
    for user in [7, 8] {
        let body = async move { Ok::<_, Error>(user) };
        assert_eq!(idem.call(&PLAN, idem::key!("greet:{user}"), body).await.unwrap(), user);
    }
}

/// C5
async fn a_call_in_flight_is_told_so(place: Place) {
    let (idem, elsewhere) = (place.engine().await, place.engine().await);
    let user = 7;
    let body = async {
        for engine in [&idem, &elsewhere] {
            let within =
                engine.call(&PLAN, idem::key!("greet:{user}"), async { Ok::<_, Error>(2) });
            match within.await.unwrap_err() {
                Error::InFlight { key, retry_after, .. } => {
                    assert_eq!(key, "greet:7");
                    assert!(retry_after > Duration::from_secs(20), "{retry_after:?}");
                    assert!(retry_after <= Duration::from_secs(30), "{retry_after:?}");
                }
                other => panic!("{other:?}"),
            }
        }
        Ok::<_, Error>(1)
    };
    assert_eq!(idem.call(&PLAN, idem::key!("greet:{user}"), body).await.unwrap(), 1);
}

/// C32
async fn an_err_frees_the_key(place: Place) {
    let idem = place.engine().await;
    let user = 7;
    let mut fences = Vec::new();
    for attempt in 1..=3 {
        let body = async {
            fences.push(idem::attempt().fence());
            assert_eq!(idem::attempt().number(), attempt);
            Err::<u32, _>(Error::in_flight("the body's own", Duration::from_secs(9)))
        };
        let error = idem.call(&PLAN, idem::key!("greet:{user}"), body).await.unwrap_err();
        assert!(error.to_string().contains("the body's own"), "{error}");
    }
    assert!(fences.is_sorted_by(|one, next| one < next), "{fences:?}");
    let entry = idem.get(&idem::key!("greet:{user}")).await.unwrap().unwrap();
    assert_eq!((entry.state, entry.attempts), (Some(State::Free), 3));
}

/// C8, C9
async fn a_lapsed_claim_is_taken_over(place: Place) {
    let (idem, elsewhere) = (place.engine().await, place.engine().await);
    let plan = Plan::setnx().ttl(Duration::from_mins(1)).lease(Duration::from_millis(300));
    let claimed = std::time::Instant::now();
    crate::support::orphan(&idem, &plan).await;
    let one = 1;
    let runs = AtomicUsize::new(0);
    kit::wait_for("the lease to lapse", Duration::from_secs(10), async || {
        let body = async {
            runs.fetch_add(1, Ordering::Relaxed);
            Ok::<_, Error>(idem::attempt().fence())
        };
        elsewhere.call(&plan, idem::key!("op:{one}"), body).await.is_ok()
    })
    .await;
    assert!(claimed.elapsed() > Duration::from_millis(250), "{:?}", claimed.elapsed());
    assert_eq!(runs.load(Ordering::Relaxed), 1);
}

/// C7: run, replay, run.
async fn a_result_is_kept_for_its_retention(place: Place) {
    let idem = place.engine().await;
    let plan = Plan::setnx().ttl(Duration::from_millis(1500)).lease(Duration::from_millis(500));
    let runs = crate::support::Runs::default();
    let user = 7;
    let call = || idem.call(&plan, idem::key!("greet:{user}"), runs.body());
    let claimed = std::time::Instant::now();
    assert_eq!(call().await.unwrap(), 1);
    kit::wait_for("the retention to end", crate::support::SOON, async || {
        call().await.unwrap() == 2
    })
    .await;
    assert!(claimed.elapsed() > Duration::from_millis(1450), "{:?}", claimed.elapsed());
}

/// C50, C116: equal values, two operations, each with a plan of its own.
async fn operations_are_apart(place: Place) {
    let idem = place.engine().await;
    let user = 7;
    let short = PLAN.ttl(Duration::from_mins(1));
    for run in [1, 2] {
        let greeted = idem.call(&PLAN, idem::key!("greet:{user}"), async { Ok::<_, Error>(run) });
        assert_eq!(greeted.await.unwrap(), 1);
        let sent = idem.call(&short, idem::key!("send:{user}"), async { Ok::<_, Error>(run * 10) });
        assert_eq!(sent.await.unwrap(), 10);
    }
}
