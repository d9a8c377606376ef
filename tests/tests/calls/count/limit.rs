//! How many attempts there are.

use idem::store::{Settled, State};
use idem::{Error, OnErr, Outcome, Plan};
use kit::place::Place;

use super::{ONCE, call, fail, is_exhausted, is_own, key, lapsed};
use crate::support::{Runs, ask, begun, is_in_flight, orphan, two_engines};

on_every_counter! {
    an_attempt_that_completes_answers_all_that_follow
    a_crashed_attempt_is_spent
    an_err_is_spent_unless_it_is_released
    a_released_err_gives_its_attempt_back
    an_err_can_be_the_result
    a_success_that_is_not_to_be_stored_is_spent
    what_is_known_to_have_failed_is_given_back_by_hand
    what_is_known_to_have_succeeded_is_completed_by_hand
    another_payload_is_told_before_the_limit
    a_late_owner_that_nobody_superseded_completes
    what_counts_follows_what_does_not
}

async fn an_attempt_that_completes_answers_all_that_follow(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    let runs = Runs::default();
    let (answer, outcome) = call(&idem, ONCE, &runs).await;
    assert_eq!(answer.unwrap(), 1);
    assert!(matches!(outcome, Outcome::Ran { attempt: 1, stored: true, .. }), "{outcome:?}");
    for engine in [&idem, &elsewhere] {
        let (answer, outcome) = call(engine, ONCE, &runs).await;
        assert_eq!(answer.unwrap(), 1);
        assert!(matches!(outcome, Outcome::Replayed { .. }), "{outcome:?}");
    }
    assert_eq!(runs.count(), 1);
}

/// One attempt at a time, and as many as the limit has. `Exhausted` comes only when the last of
/// them is live no more.
async fn a_crashed_attempt_is_spent(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    let runs = Runs::default();
    for spent in 1..=3 {
        orphan(&idem, &ONCE.limit(3)).await;
        assert!(is_in_flight(&call(&elsewhere, ONCE.limit(3), &runs).await.0));
        lapsed(&elsewhere).await;
        let entry = elsewhere.get(&key()).await.unwrap().unwrap();
        assert_eq!((entry.spent, entry.attempts), (Some(spent), spent));
    }
    for engine in [&elsewhere, &idem] {
        let answer = call(engine, ONCE.limit(3), &runs).await;
        assert!(is_exhausted(&answer, 3), "{answer:?}");
        assert_eq!(answer.1, Outcome::Refused);
    }
    assert_eq!(runs.count(), 0);
    // A deploy has raised the limit.
    assert_eq!(call(&idem, ONCE.limit(4), &runs).await.0.unwrap(), 1);
}

async fn an_err_is_spent_unless_it_is_released(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    let runs = Runs::default();
    assert!(is_own(&fail(&idem, ONCE, &runs).await));
    // Its outcome is unknown, so the claim stands till its lease lapses.
    assert!(is_in_flight(&call(&elsewhere, ONCE, &runs).await.0));
    lapsed(&elsewhere).await;
    let answer = call(&elsewhere, ONCE, &runs).await;
    assert!(is_exhausted(&answer, 1), "{answer:?}");
    assert_eq!(runs.count(), 1);
}

async fn a_released_err_gives_its_attempt_back(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    let runs = Runs::default();
    let released = ONCE.on_err(OnErr::Release);
    for _ in 0..3 {
        assert!(is_own(&fail(&idem, released, &runs).await));
        let entry = elsewhere.get(&key()).await.unwrap().unwrap();
        assert_eq!((entry.state, entry.spent), (Some(State::Free), Some(0)));
        assert!(is_own(&fail(&elsewhere, released, &runs).await));
    }
    let (answer, outcome) = call(&idem, released, &runs).await;
    assert_eq!(answer.unwrap(), 7);
    assert!(matches!(outcome, Outcome::Ran { attempt: 7, stored: true, .. }), "{outcome:?}");
    assert_eq!(call(&elsewhere, released, &runs).await.0.unwrap(), 7);
}

async fn an_err_can_be_the_result(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    let plan = ONCE.on_err(OnErr::Store);
    let returns = || {
        let refuse = |error: Error| Err(error.code().to_owned());
        idem::Returns::<Result<u32, String>>::new(refuse)
            .replay::<idem::Json>()
            .replay_failures::<idem::Json>()
    };
    for engine in [&idem, &elsewhere, &idem] {
        let body = async { Err("declined".to_owned()) };
        let answer = engine.call_with(&plan, key(), returns(), body).await;
        assert_eq!(answer.unwrap_err(), "declined");
    }
    assert_eq!(idem.get(&key()).await.unwrap().unwrap().attempts, 1);
}

/// It may have had its effect: only an `Err` is given back.
async fn a_success_that_is_not_to_be_stored_is_spent(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    let runs = Runs::default();
    let body = async {
        idem::attempt().do_not_store();
        Ok::<_, Error>(5)
    };
    assert_eq!(idem.call(&ONCE, key(), body).await.unwrap(), 5);
    assert!(is_in_flight(&call(&elsewhere, ONCE, &runs).await.0));
    lapsed(&idem).await;
    assert!(is_exhausted(&call(&elsewhere, ONCE, &runs).await, 1));
}

async fn what_is_known_to_have_failed_is_given_back_by_hand(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    let runs = Runs::default();
    orphan(&idem, &ONCE).await;
    lapsed(&elsewhere).await;
    assert!(is_exhausted(&call(&idem, ONCE, &runs).await, 1));
    let fence = elsewhere.get(&key()).await.unwrap().unwrap().fence;
    assert_eq!(elsewhere.release(&key(), fence + 1).await.unwrap(), Settled::Lost);
    assert_eq!(elsewhere.release(&key(), fence).await.unwrap(), Settled::Done);
    assert_eq!(elsewhere.release(&key(), fence).await.unwrap(), Settled::Lost, "once");
    assert_eq!(elsewhere.get(&key()).await.unwrap().unwrap().spent, Some(0));
    orphan(&idem, &ONCE).await;
    let fence = elsewhere.get(&key()).await.unwrap().unwrap().fence;
    assert_eq!(elsewhere.purge(&key(), fence).await.unwrap(), Settled::Done);
    assert_eq!(call(&elsewhere, ONCE, &runs).await.0.unwrap(), 1);
}

async fn what_is_known_to_have_succeeded_is_completed_by_hand(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    let runs = Runs::default();
    orphan(&idem, &ONCE).await;
    lapsed(&elsewhere).await;
    assert!(is_exhausted(&call(&idem, ONCE, &runs).await, 1));
    let fence = elsewhere.get(&key()).await.unwrap().unwrap().fence;
    assert_eq!(elsewhere.complete(&key(), fence, &9_usize).await.unwrap(), Settled::Done);
    for engine in [&idem, &elsewhere] {
        assert_eq!(call(engine, ONCE, &runs).await.0.unwrap(), 9);
    }
    assert_eq!(runs.count(), 0);
}

async fn another_payload_is_told_before_the_limit(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    let runs = Runs::default();
    let begins = || {
        let body = async {
            runs.next();
            std::future::pending::<Result<usize, Error>>().await
        };
        idem.call(&ONCE, key().fingerprint(&1), body)
    };
    drop(begun(begins(), || runs.count() == 1).await);
    for _ in 0..2 {
        let other = elsewhere.call(&ONCE, key().fingerprint(&2), runs.body()).await;
        assert!(matches!(other, Err(Error::Mismatch { .. })), "{other:?}");
        lapsed(&elsewhere).await;
    }
    let same = elsewhere.call(&ONCE, key().fingerprint(&1), runs.body()).await;
    assert!(matches!(same, Err(Error::Exhausted { .. })), "{same:?}");
}

async fn a_late_owner_that_nobody_superseded_completes(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    let runs = Runs::default();
    let (wake, woken) = tokio::sync::oneshot::channel();
    let body = async {
        runs.next();
        Ok::<usize, Error>(woken.await.unwrap())
    };
    let call = idem::with_outcome(idem.call(&ONCE, key(), body));
    // The owner is paused: nothing polls it.
    let owner = begun(call, || runs.count() == 1).await;
    lapsed(&elsewhere).await;
    let exhausted = ask(&elsewhere, &ONCE).await;
    assert!(is_exhausted(&exhausted, 1), "{exhausted:?}");
    wake.send(3).unwrap();
    let (answer, outcome) = owner.await;
    assert_eq!(answer.unwrap(), 3);
    assert!(matches!(outcome, Outcome::Ran { stored: true, .. }), "{outcome:?}");
    assert_eq!(ask(&elsewhere, &ONCE).await.0.unwrap(), 3);
}

/// A deploy that begins to count, or no longer does.
async fn what_counts_follows_what_does_not(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    let runs = Runs::default();
    let setnx = Plan::setnx().lease(std::time::Duration::from_millis(400));
    orphan(&idem, &setnx).await;
    assert!(is_in_flight(&call(&elsewhere, ONCE, &runs).await.0));
    lapsed(&idem).await;
    // The attempt that was not counted may have had its effect.
    let answer = call(&elsewhere, ONCE, &runs).await;
    assert!(is_exhausted(&answer, 1), "{answer:?}");
    assert!(is_own(&fail(&elsewhere, ONCE.limit(2), &runs).await));
    assert!(is_in_flight(&call(&idem, setnx, &runs).await.0));
    lapsed(&idem).await;
    assert!(is_own(&fail(&idem, setnx, &runs).await));
    // What was given back is nobody's, and nothing is spent.
    assert_eq!(call(&elsewhere, ONCE, &runs).await.0.unwrap(), 3);
    assert_eq!(call(&idem, setnx, &runs).await.0.unwrap(), 3);
}
