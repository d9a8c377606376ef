//! A claim while its body runs: renewed, lost, or late.

use std::time::Duration;

use idem::{Error, Idem, Outcome, Plan, with_outcome};
use kit::faulty::{Fault, Faulty, Step};
use kit::place::Place;
use tokio::time::{advance, sleep};

use crate::support::{
    Runs, SHORT_LEASE, SOON, ask, begun, engine_on, faulty, is_in_flight, orphan, settle_down,
    two_engines,
};

const LEASE: Duration = Duration::from_secs(9);
const PLAN: Plan = Plan::setnx().ttl(Duration::from_mins(15)).lease(LEASE);

on_every_store! {
    a_lease_is_renewed_for_as_long_as_the_body_lives
    a_body_that_never_waits_keeps_its_lease
    fences_grow_over_owners_that_come_and_go
    a_late_owner_does_not_overwrite_its_successor
}

/// Short, and long enough for a renewal to be late by what a busy machine makes it late.
const RENEWED: Plan = Plan::setnx().lease(Duration::from_millis(900));

/// C29: a body of four leases, and nobody takes it over.
async fn a_lease_is_renewed_for_as_long_as_the_body_lives(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    let runs = Runs::default();
    let one = 1;
    let body = async {
        let until = tokio::time::Instant::now() + Duration::from_millis(3600);
        while tokio::time::Instant::now() < until {
            let (answer, _) = ask(&elsewhere, &RENEWED).await;
            assert!(is_in_flight(&answer), "{answer:?}");
            sleep(Duration::from_millis(50)).await;
        }
        runs.body().await
    };
    let (value, outcome) = with_outcome(idem.call(&RENEWED, idem::key!("op:{one}"), body)).await;
    assert_eq!(value.unwrap(), 1);
    assert!(matches!(outcome, Outcome::Ran { stored: true, .. }), "{outcome:?}");
    assert_eq!(ask(&elsewhere, &RENEWED).await.0.unwrap(), 1);
}

/// A body that gives its thread back only when tokio says that it has had its share, as one that
/// reads from a channel which is never empty does.
async fn works(time: Duration) -> Result<usize, Error> {
    let until = std::time::Instant::now() + time;
    while std::time::Instant::now() < until {
        tokio::task::consume_budget().await;
    }
    Ok(1)
}

async fn a_body_that_never_waits_keeps_its_lease(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    let one = 1;
    let (started, starts) = tokio::sync::oneshot::channel();
    let body = async move {
        started.send(()).unwrap();
        works(Duration::from_millis(2700)).await
    };
    let call = async move { idem.call(&RENEWED, idem::key!("op:{one}"), body).await };
    let call = tokio::spawn(call);
    starts.await.unwrap();
    let until = tokio::time::Instant::now() + Duration::from_millis(2200);
    while tokio::time::Instant::now() < until {
        let (answer, _) = ask(&elsewhere, &RENEWED).await;
        assert!(is_in_flight(&answer), "{answer:?}");
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(call.await.unwrap().unwrap(), 1);
    assert_eq!(ask(&elsewhere, &RENEWED).await.0.unwrap(), 1);
}

/// Nor does one that shares its task with such work, as in a batch, though it comes second each time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_beside_one_that_never_waits_keeps_its_lease() {
    let (idem, elsewhere) = two_engines(&Place::memory()).await;
    let (runs, one) = (Runs::default(), 1);
    let body = async {
        runs.next();
        std::future::pending::<Result<usize, Error>>().await
    };
    let call = idem.call(&SHORT_LEASE, idem::key!("op:{one}"), body);
    let mut call = begun(call, || runs.count() == 1).await;
    let asked = tokio::spawn(async move {
        sleep(Duration::from_millis(800)).await;
        ask(&elsewhere, &SHORT_LEASE).await.0
    });
    let mut busy = Box::pin(works(Duration::from_millis(1200)));
    std::future::poll_fn(|context| {
        let works = busy.as_mut().poll(context);
        assert!(call.as_mut().poll(context).is_pending());
        works
    })
    .await
    .unwrap();
    let answer = asked.await.unwrap();
    assert!(is_in_flight(&answer), "{answer:?}");
}

#[tokio::test]
async fn a_body_that_never_waits_is_dropped_at_its_limit() {
    let idem = Idem::in_memory();
    let plan = PLAN.max_runtime(Duration::from_millis(50));
    let one = 1;
    let answer = idem.call(&plan, idem::key!("op:{one}"), works(SOON)).await;
    assert!(matches!(answer, Err(Error::TimedOut { .. })), "{answer:?}");
}

/// The shortest lease is over before it can be renewed; the body goes on.
#[tokio::test]
async fn a_lease_that_is_always_due_leaves_the_body_its_turn() {
    let idem = Idem::in_memory();
    let plan = Plan::setnx().lease(Duration::from_millis(1));
    let one = 1;
    let body = async {
        sleep(Duration::from_millis(20)).await;
        works(Duration::from_millis(20)).await
    };
    assert_eq!(idem.call(&plan, idem::key!("op:{one}"), body).await.unwrap(), 1);
}

/// C29: no renewal after the body has gone, whichever way.
#[tokio::test(start_paused = true)]
async fn renewal_stops_with_the_body() {
    let body_ends = ["completes", "fails", "panics", "is dropped", "runs too long"];
    for end in body_ends {
        let (store, idem) = faulty().await;
        let call = tokio::spawn(async move {
            let plan = if end == "runs too long" { PLAN.max_runtime(2 * LEASE) } else { PLAN };
            let body = async {
                sleep(2 * LEASE).await;
                match end {
                    "completes" => Ok(1),
                    "fails" => Err(Error::outage("the body's own")),
                    "panics" => panic!("the body panics"),
                    _ => std::future::pending().await,
                }
            };
            let one = 1;
            idem.call(&plan, idem::key!("op:{one}"), body).await
        });
        sleep(2 * LEASE + Duration::from_millis(10)).await;
        let renewed = store.asked(Step::Renew);
        assert!((5..=6).contains(&renewed), "every third of the lease: {renewed}");
        assert_eq!(call.is_finished(), end != "is dropped", "{end}");
        call.abort();
        sleep(10 * LEASE).await;
        assert_eq!(store.asked(Step::Renew), renewed, "{end}");
    }
}

/// A renewal that fails is tried sooner, and the claim stands.
#[tokio::test(start_paused = true)]
async fn one_failed_renewal_costs_nothing() {
    let (store, idem) = faulty().await;
    let other = engine_on(&store).await;
    for fault in [Fault::Unreached, Fault::Undone, Fault::AnswerLost, Fault::Silent] {
        store.once(Step::Renew, fault);
    }
    let one = 1;
    let body = async {
        for _ in 0..40 {
            sleep(LEASE / 9).await;
            let (answer, _) = ask(&other, &PLAN).await;
            assert!(is_in_flight(&answer), "{answer:?}");
        }
        assert!(!idem::attempt().is_cancelled());
        Ok::<_, Error>(1)
    };
    assert_eq!(idem.call(&PLAN, idem::key!("op:{one}"), body).await.unwrap(), 1);
}

/// The body is told when its lease is over, and goes on. C20's other half: nobody took over, so
/// its late completion is accepted.
#[tokio::test(start_paused = true)]
async fn a_late_completion_is_accepted_when_nobody_took_over() {
    let (store, idem) = faulty().await;
    store.always(Step::Renew, Fault::Undone);
    let one = 1;
    let body = async {
        let attempt = idem::attempt();
        assert!(!attempt.is_cancelled());
        let began = tokio::time::Instant::now();
        attempt.cancelled().await;
        let margin = Duration::from_millis(180); // 2 %: counted down on this side
        assert_eq!(began.elapsed(), LEASE.saturating_sub(margin));
        sleep(3 * LEASE).await;
        Ok::<_, Error>(1)
    };
    let (value, outcome) = with_outcome(idem.call(&PLAN, idem::key!("op:{one}"), body)).await;
    assert_eq!(value.unwrap(), 1);
    assert!(matches!(outcome, Outcome::Ran { attempt: 1, stored: true, .. }), "{outcome:?}");
    assert_eq!(ask(&idem, &PLAN).await.0.unwrap(), 1);
}

/// C20, C23a: owners are per attempt, in one engine and in two.
#[tokio::test(start_paused = true)]
async fn two_owners_in_one_process_do_not_mix() {
    for engines in [1, 2] {
        let (store, idem) = faulty().await;
        let second = if engines == 1 { idem.clone() } else { engine_on(&store).await };
        store.always(Step::Renew, Fault::Undone);
        let one = 1;
        let body = async {
            sleep(2 * LEASE).await;
            // The successor runs and completes here, in this very body's process.
            let (answer, outcome) =
                tokio::spawn(async move { ask(&second, &PLAN).await }).await.unwrap();
            assert_eq!(answer.unwrap(), 77);
            assert!(matches!(outcome, Outcome::Ran { attempt: 2, stored: true, .. }));
            Ok::<_, Error>(1)
        };
        let (value, outcome) = with_outcome(idem.call(&PLAN, idem::key!("op:{one}"), body)).await;
        assert_eq!(value.unwrap(), 1, "its caller gets its own value");
        assert!(matches!(outcome, Outcome::Ran { attempt: 1, stored: false, .. }), "{outcome:?}");
        assert_eq!(ask(&idem, &PLAN).await.0.unwrap(), 77, "the successor's result stays");
    }
}

/// C20 on every store: by a person who frees the key while the owner works.
async fn a_late_owner_does_not_overwrite_its_successor(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    let one = 1;
    let body = async {
        let fence = idem::attempt().fence();
        assert_eq!(
            elsewhere.release(&idem::key!("op:{one}"), fence).await.unwrap(),
            idem::store::Settled::Done
        );
        assert_eq!(ask(&elsewhere, &SHORT_LEASE).await.0.unwrap(), 77);
        // The next renewal tells.
        tokio::time::timeout(SOON, idem::attempt().cancelled()).await.unwrap();
        // Nor is this process told any more that the key is in flight here.
        let idem = idem.clone();
        tokio::spawn(async move { assert_eq!(ask(&idem, &SHORT_LEASE).await.0.unwrap(), 77) })
            .await
            .unwrap();
        Ok::<_, Error>(1)
    };
    let (value, outcome) =
        with_outcome(idem.call(&SHORT_LEASE, idem::key!("op:{one}"), body)).await;
    assert_eq!(value.unwrap(), 1);
    assert!(matches!(outcome, Outcome::Ran { stored: false, .. }), "{outcome:?}");
    assert_eq!(ask(&idem, &SHORT_LEASE).await.0.unwrap(), 77);
}

/// C22b: also over a free record that lies between.
async fn fences_grow_over_owners_that_come_and_go(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    let mut fences = Vec::new();
    let one = 1;
    for (at, engine) in [&idem, &elsewhere, &idem, &elsewhere].into_iter().enumerate() {
        let body = async {
            fences.push(idem::attempt().fence());
            Err::<u32, _>(Error::outage("the body's own"))
        };
        assert!(engine.call(&SHORT_LEASE, idem::key!("op:{one}"), body).await.is_err());
        assert_eq!(fences.len(), at + 1);
    }
    orphan(&elsewhere, &SHORT_LEASE).await;
    kit::wait_for("the lease to lapse", SOON, async || {
        let body = async {
            fences.push(idem::attempt().fence());
            Ok::<_, Error>(())
        };
        idem.call(&SHORT_LEASE, idem::key!("op:{one}"), body).await.is_ok()
    })
    .await;
    assert!(fences.is_sorted_by(|one, next| one < next), "{fences:?}");
    assert!(fences[4] >= fences[3] + 2, "the orphan had one too: {fences:?}");
}

/// C22a: an answer that comes when the lease may be over is no right to start.
#[tokio::test(start_paused = true)]
async fn a_claim_whose_answer_is_late_is_renewed_before_the_body_starts() {
    for taken_over in [false, true] {
        let store = Faulty::new();
        let slow = Idem::builder().store(store.clone()).timeout(5 * LEASE).build().await.unwrap();
        let other = engine_on(&store).await;
        let mut late = store.hold_answer(Step::Claim);
        let call = tokio::spawn(async move { ask(&slow, &PLAN).await });
        late.reached().await;
        advance(LEASE + Duration::from_millis(1)).await;
        if taken_over {
            let one = 1;
            let body = async { Ok::<_, Error>(1) };
            assert_eq!(other.call(&PLAN, idem::key!("op:{one}"), body).await.unwrap(), 1);
        }
        late.go();
        let (answer, outcome) = call.await.unwrap();
        assert_eq!(store.asked(Step::Renew), 1, "{:?}", store.steps());
        if taken_over {
            assert_eq!(answer.unwrap(), 1);
            assert!(matches!(outcome, Outcome::Replayed { .. }), "{outcome:?}");
        } else {
            assert_eq!(answer.unwrap(), 77);
            assert!(matches!(outcome, Outcome::Ran { attempt: 1, stored: true, .. }));
        }
    }
}

/// What an answer takes, while it is less than the lease, is no time that the owner has lost: the next
/// renewal is due by when the last was sent.
#[tokio::test(start_paused = true)]
async fn an_answer_that_takes_most_of_the_lease_does_not_cost_it() {
    for slow in [Step::Claim, Step::Renew] {
        let store = Faulty::new();
        let idem = Idem::builder().store(store.clone()).timeout(5 * LEASE).build().await.unwrap();
        let other = engine_on(&store).await;
        let mut late = store.hold_answer(slow);
        let call = tokio::spawn(async move {
            let one = 1;
            let body = async {
                sleep(3 * LEASE).await;
                Ok::<_, Error>(1)
            };
            idem.call(&PLAN, idem::key!("op:{one}"), body).await
        });
        late.reached().await;
        sleep(LEASE * 4 / 5).await;
        late.go();
        loop {
            let (answer, outcome) = ask(&other, &PLAN).await;
            if call.is_finished() {
                break;
            }
            assert!(is_in_flight(&answer), "{slow:?}: {answer:?}, {outcome:?}");
            sleep(LEASE / 9).await;
        }
        assert_eq!(call.await.unwrap().unwrap(), 1);
    }
}

/// A body over its `max_runtime` is dropped, and its key is not free before the lease lapses.
#[tokio::test(start_paused = true)]
async fn a_body_over_its_time_is_dropped_and_its_claim_held() {
    let idem = Idem::in_memory();
    let plan = PLAN.max_runtime(2 * LEASE);
    let one = 1;
    let never = std::future::pending::<Result<usize, Error>>();
    let answer = idem.call(&plan, idem::key!("op:{one}"), never).await;
    assert!(matches!(answer, Err(Error::TimedOut { .. })), "{answer:?}");
    advance(LEASE / 2).await;
    assert!(is_in_flight(&ask(&idem, &plan).await.0));
    advance(LEASE / 2 + Duration::from_millis(1)).await;
    assert_eq!(ask(&idem, &plan).await.0.unwrap(), 77);
}

/// Once its body has ended well, an attempt is never cancelled, and waiting for it costs nothing.
#[tokio::test(start_paused = true)]
async fn who_waits_for_cancellation_sleeps_after_the_end() {
    let idem = Idem::in_memory();
    let one = 1;
    let body = async { Ok::<_, Error>(idem::attempt().number()) };
    let mut taken = None;
    let body = async {
        taken = Some(idem::attempt());
        body.await
    };
    idem.call(&PLAN, idem::key!("op:{one}"), body).await.unwrap();
    let attempt = taken.unwrap();
    let polls = std::sync::Arc::new(Runs::default());
    let counted = std::sync::Arc::clone(&polls);
    let watch = tokio::spawn(async move {
        let mut cancelled = std::pin::pin!(attempt.cancelled());
        std::future::poll_fn(|cx| {
            counted.next();
            cancelled.as_mut().poll(cx)
        })
        .await;
    });
    settle_down().await;
    advance(2 * LEASE).await;
    settle_down().await;
    assert!(polls.count() < 10, "{}", polls.count());
    assert!(!watch.is_finished());
    watch.abort();
}

/// C15: one orphan, many claimants at once.
#[tokio::test(start_paused = true)]
async fn one_of_many_claimants_takes_an_orphan_over() {
    let (store, idem) = faulty().await;
    orphan(&idem, &PLAN).await;
    advance(LEASE + Duration::from_millis(1)).await;
    let runs = std::sync::Arc::new(Runs::default());
    let mut calls = Vec::new();
    for _ in 0..20 {
        let (engine, runs) = (engine_on(&store).await, std::sync::Arc::clone(&runs));
        calls.push(tokio::spawn(async move {
            let one = 1;
            let body = async {
                tokio::task::yield_now().await;
                runs.body().await
            };
            engine.call(&PLAN, idem::key!("op:{one}"), body).await
        }));
    }
    for call in calls {
        let answer = call.await.unwrap();
        assert!(is_in_flight(&answer) || matches!(answer, Ok(1)), "{answer:?}");
    }
    assert_eq!(runs.count(), 1);
}
