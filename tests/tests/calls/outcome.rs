//! How a caller learns how it was answered.

use std::time::Duration;

use idem::{Error, Idem, OnOutage, Outcome, Plan, with_outcome};
use kit::faulty::{Fault, Step};

use crate::support::{Runs, ask, faulty};

const PLAN: Plan = Plan::setnx();

#[tokio::test(start_paused = true)]
async fn every_kind_of_answer_has_its_outcome() {
    let (store, idem) = faulty().await;
    assert!(matches!(ask(&idem, &PLAN).await.1, Outcome::Ran { attempt: 1, stored: true, .. }));
    assert!(matches!(ask(&idem, &PLAN).await.1, Outcome::Replayed { .. }));

    let two = 2;
    let key = move || idem::key!("op:{two}");
    let waiting = idem.clone();
    let body = async {
        let plan = PLAN.wait(Duration::from_secs(9));
        let waiter = tokio::spawn(async move {
            with_outcome(waiting.call(&plan, key(), async { Ok::<u32, Error>(2) })).await
        });
        let in_flight = with_outcome(idem.call(&PLAN, key(), async { Ok::<u32, Error>(2) })).await;
        assert_eq!(in_flight.1, Outcome::Refused);
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok::<_, Error>(waiter)
    };
    let returns = idem::Returns::new(Err).on_err(|_| None);
    let waiter = idem.call_with(&PLAN, key(), returns, body).await.unwrap();
    // The leader stores no result, which its follower waited for.
    let (answer, outcome) = waiter.await.unwrap();
    assert!(matches!(answer, Err(Error::ResultNotStored { .. })), "{answer:?}");
    assert_eq!(outcome, Outcome::Refused);

    store.always(Step::Claim, Fault::Unreached);
    let (answer, outcome) = ask(&idem, &PLAN.on_outage(OnOutage::Run)).await;
    assert_eq!((answer.unwrap(), outcome), (77, Outcome::Unguarded));
    assert_eq!(ask(&idem, &PLAN).await.1, Outcome::Refused);
}

#[tokio::test(start_paused = true)]
async fn who_waited_is_told_so() {
    let idem = Idem::in_memory();
    let one = 1;
    let key = move || idem::key!("op:{one}");
    let waiting = idem.clone();
    let body = async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok::<u32, Error>(1)
    };
    let owner = idem.call(&PLAN, key(), body);
    let waiter = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(1)).await;
        let plan = PLAN.wait(Duration::from_secs(9));
        with_outcome(waiting.call(&plan, key(), async { Ok::<u32, Error>(2) })).await
    });
    owner.await.unwrap();
    let (value, outcome) = waiter.await.unwrap();
    assert_eq!((value.unwrap(), outcome), (1, Outcome::Waited));
}

/// The outer call has the last word, whatever was called within it.
#[tokio::test]
async fn the_outer_call_has_the_last_word() {
    let idem = Idem::in_memory();
    let (one, two) = (1, 2);
    for outer_ran in [true, false] {
        let body = async {
            let inner = idem.call(&PLAN, idem::key!("op:{two}"), async { Ok::<u32, Error>(2) });
            let (inner, outcome) = with_outcome(inner).await;
            assert!(matches!(outcome, Outcome::Ran { .. }), "{outcome:?}");
            inner
        };
        let (_, outcome) = with_outcome(idem.call(&PLAN, idem::key!("op:{one}"), body)).await;
        assert_eq!(matches!(outcome, Outcome::Ran { .. }), outer_ran, "{outcome:?}");
    }
}

#[tokio::test]
async fn no_guarded_call_is_unguarded() {
    assert_eq!(with_outcome(async { 1 }).await, (1, Outcome::Unguarded));
}

/// A function that finds no engine was refused.
#[tokio::test]
async fn no_engine_is_refused() {
    static SITE: idem::__private::Site = idem::__private::Site::new("op", "here:1", PLAN);
    let (runs, one) = (Runs::default(), 1);
    let returns = idem::Returns::<Result<usize, Error>>::new(Err);
    let call = idem::__private::call(&SITE, None, idem::key!("op:{one}"), returns, runs.body());
    let (answer, outcome) = with_outcome(call).await;
    assert!(matches!(answer, Err(Error::NotInstalled)), "{answer:?}");
    assert_eq!((outcome, runs.count()), (Outcome::Refused, 0));
}
