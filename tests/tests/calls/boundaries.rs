//! When exactly a lease and a retention end: on the clock of memory, which a test can stop.

use std::time::Duration;

use idem::store::State;
use idem::{Error, Idem, Outcome, Plan, with_outcome};
use tokio::time::advance;

use crate::support::{Runs, ask, is_in_flight, orphan};

const MS: Duration = Duration::from_millis(1);
const LEASE: Duration = Duration::from_secs(10);
const TTL: Duration = Duration::from_mins(1);
const PLAN: Plan = Plan::setnx().ttl(TTL).lease(LEASE);

/// C8, C9, C103: live at exactly its end, lapsed a millisecond later.
#[tokio::test(start_paused = true)]
async fn a_lease_is_live_at_exactly_its_end() {
    let idem = Idem::in_memory();
    orphan(&idem, &PLAN).await;
    advance(LEASE).await;
    let (answer, outcome) = ask(&idem, &PLAN).await;
    assert!(is_in_flight(&answer), "{answer:?}");
    assert_eq!(outcome, Outcome::Refused);
    let one = 1;
    let entry = idem.get(&idem::key!("op:{one}")).await.unwrap().unwrap();
    assert_eq!((entry.state, entry.lease_left), (Some(State::Running), Some(Duration::ZERO)));
    advance(MS).await;
    let (answer, outcome) = ask(&idem, &PLAN).await;
    assert_eq!(answer.unwrap(), 77);
    assert!(matches!(outcome, Outcome::Ran { attempt: 2, stored: true, .. }), "{outcome:?}");
}

/// C7, C103: there until its end, absent at it.
#[tokio::test(start_paused = true)]
async fn a_result_is_gone_at_exactly_its_retention() {
    let idem = Idem::in_memory();
    let runs = Runs::default();
    let one = 1;
    let call = || with_outcome(idem.call(&PLAN, idem::key!("op:{one}"), runs.body()));
    assert_eq!(call().await.0.unwrap(), 1);
    advance(TTL.saturating_sub(MS)).await;
    let (value, outcome) = call().await;
    assert_eq!(value.unwrap(), 1);
    assert!(matches!(outcome, Outcome::Replayed { .. }), "{outcome:?}");
    advance(MS).await;
    assert!(idem.get(&idem::key!("op:{one}")).await.unwrap().is_none());
    let (value, outcome) = call().await;
    assert_eq!(value.unwrap(), 2);
    assert!(matches!(outcome, Outcome::Ran { attempt: 1, .. }), "fences begin anew: {outcome:?}");
}

/// A replay does not make a result live longer.
#[tokio::test(start_paused = true)]
async fn retention_counts_from_completion() {
    let idem = Idem::in_memory();
    let runs = Runs::default();
    let one = 1;
    let call = || {
        idem.call(&PLAN, idem::key!("op:{one}"), async {
            tokio::time::sleep(TTL * 2).await;
            runs.body().await
        })
    };
    assert_eq!(call().await.unwrap(), 1, "the body outlives the retention");
    for _ in 0..5 {
        advance(TTL / 6).await;
        assert_eq!(call().await.unwrap(), 1);
    }
    advance(TTL / 6).await;
    assert_eq!(call().await.unwrap(), 2);
}

/// C106
#[tokio::test(start_paused = true)]
async fn the_shortest_and_the_longest_times_are_kept() {
    let idem = Idem::in_memory();
    let years = Duration::from_hours(90 * 366 * 24);
    let shortest = Plan::setnx().ttl(2 * MS).lease(MS).wait(MS);
    let longest = Plan::setnx().ttl(years).lease(years / 2).wait(years).max_runtime(years);
    for (op, plan, ttl) in [("short", shortest, 2 * MS), ("long", longest, years)] {
        let runs = Runs::default();
        let key = || idem::key!("op:{op}");
        assert_eq!(idem.call(&plan, key(), runs.body()).await.unwrap(), 1);
        advance(ttl.saturating_sub(MS)).await;
        assert_eq!(idem.call(&plan, key(), runs.body()).await.unwrap(), 1, "{op}");
        advance(MS).await;
        assert_eq!(idem.call(&plan, key(), runs.body()).await.unwrap(), 2, "{op}");
    }
}

/// C31, C118: what the macro refuses, and a plan by hand can say.
#[tokio::test]
async fn plans_that_can_not_work_are_refused_before_anything() {
    let idem = Idem::in_memory();
    let second = Duration::from_secs(1);
    let forever = Duration::MAX;
    let plans = [
        Plan::setnx().ttl(Duration::ZERO),
        Plan::setnx().lease(Duration::ZERO),
        Plan::setnx().wait(Duration::ZERO),
        Plan::setnx().max_runtime(Duration::ZERO),
        Plan::setnx().ttl(Duration::from_micros(999)),
        Plan::setnx().ttl(second).lease(second),
        Plan::setnx().ttl(forever),
        Plan::setnx().ttl(forever).lease(forever),
        Plan::setnx().wait(forever),
        Plan::setnx().max_runtime(forever),
        Plan::setnx().reject_duplicates().on_err(idem::OnErr::Store),
    ];
    for plan in plans {
        let one = 1;
        let body = async { panic!("the body must not run") };
        let answer: Result<u32, Error> = idem.call(&plan, idem::key!("op:{one}"), body).await;
        let Err(Error::Config { reason, .. }) = answer else { panic!("{plan:?}: {answer:?}") };
        assert!(reason.contains("plan"), "{reason}");
        assert!(idem.get(&idem::key!("op:{one}")).await.unwrap().is_none());
    }
}
