//! Retentions and leases of a few milliseconds and of a hundred years.

use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use idem::{Error, Outcome, Plan};

use crate::spoken::{PATIENT, SOON, Spoken, abandon, assert_replays, call, lapsed, unique};

const YEAR: Duration = Duration::from_hours(365 * 24);

however_spoken! {
    a_retention_of_milliseconds_is_kept_to_the_millisecond
    the_shortest_times_do_not_become_none
    a_hundred_years_are_kept
    a_judge_with_another_plan_judges_by_the_record
}

async fn a_retention_of_milliseconds_is_kept_to_the_millisecond(spoken: Spoken) {
    let server = spoken.shared();
    let mut client = server.client().await;
    let idem = spoken.engine(&server.url(), PATIENT).await;
    let (key, runs) = (unique(), AtomicUsize::new(0));
    let plan = Plan::setnx().ttl(Duration::from_millis(1999));
    let name = format!("idem:op:{key}");
    call(&idem, plan, &key, &runs).await.0.unwrap();
    let ttl: i64 = client.run(&["PTTL", &name]).await;
    assert!((1..=1999).contains(&ttl), "{ttl}");
    kit::wait_for("the record to expire", SOON, async || {
        client.run::<i64>(&["EXISTS", &name]).await == 0
    })
    .await;
    let (answer, outcome) = call(&idem, plan, &key, &runs).await;
    assert_eq!(answer.unwrap(), 2);
    // Expired is absent: a first attempt again.
    assert!(matches!(outcome, Outcome::Ran { attempt: 1, stored: true, .. }), "{outcome:?}");
}

/// Too short for any call to hold a lease for certain: it says so, or has run.
async fn the_shortest_times_do_not_become_none(spoken: Spoken) {
    let server = spoken.shared();
    let idem = spoken.engine(&server.url(), PATIENT).await;
    let runs = AtomicUsize::new(0);
    for milliseconds in [2, 3, 10, 50] {
        let key = unique();
        let plan = Plan::setnx().ttl(Duration::from_millis(milliseconds));
        match call(&idem, plan, &key, &runs).await {
            (Ok(_), Outcome::Ran { .. }) | (Err(Error::Outage { .. }), Outcome::Refused) => {}
            other => panic!("{milliseconds} ms: {other:?}"),
        }
        // Nothing stays behind for ever.
        let mut client = server.client().await;
        kit::wait_for("the record to expire", SOON, async || {
            client.run::<i64>(&["EXISTS", &format!("idem:op:{key}")]).await == 0
        })
        .await;
    }
    for plan in [Plan::setnx().ttl(Duration::from_millis(1)), Plan::setnx().ttl(Duration::ZERO)] {
        let error = call(&idem, plan, &unique(), &runs).await.0.unwrap_err();
        assert!(matches!(error, Error::Config { .. }), "{error:?}");
    }
}

async fn a_hundred_years_are_kept(spoken: Spoken) {
    let server = spoken.shared();
    let mut client = server.client().await;
    let idem = spoken.engine(&server.url(), PATIENT).await;
    let elsewhere = spoken.engine(&server.url(), PATIENT).await;
    let runs = AtomicUsize::new(0);
    let plan = Plan::setnx().ttl(100 * YEAR).lease(50 * YEAR);
    let key = unique();
    let name = format!("idem:op:{key}");
    call(&idem, plan, &key, &runs).await.0.unwrap();
    let ttl: i64 = client.run(&["PTTL", &name]).await;
    let years = i64::try_from((99 * YEAR).as_millis()).unwrap();
    assert!(ttl > years, "{ttl}");
    assert_replays(&elsewhere, &key, 1).await;

    let key = unique();
    abandon(&elsewhere, plan, &key).await;
    match call(&idem, plan, &key, &runs).await.0 {
        Err(Error::InFlight { retry_after, .. }) => {
            assert!(retry_after > 49 * YEAR && retry_after <= 50 * YEAR, "{retry_after:?}");
        }
        other => panic!("{other:?}"),
    }
    let error = call(&idem, plan.ttl(101 * YEAR), &unique(), &runs).await.0.unwrap_err();
    assert!(matches!(error, Error::Config { .. }), "{error:?}");
}

async fn a_judge_with_another_plan_judges_by_the_record(spoken: Spoken) {
    let server = spoken.shared();
    let idem = spoken.engine(&server.url(), PATIENT).await;
    let elsewhere = spoken.engine(&server.url(), PATIENT).await;
    let runs = AtomicUsize::new(0);
    let long = Plan::setnx().ttl(Duration::from_hours(1)).lease(Duration::from_mins(1));
    let short = Plan::setnx().ttl(Duration::from_secs(10)).lease(Duration::from_millis(200));
    // A short plan does not see a long claim as lapsed, nor a long plan a short one as live.
    let key = unique();
    abandon(&elsewhere, long, &key).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (answer, _) = call(&idem, short, &key, &runs).await;
    assert!(matches!(answer, Err(Error::InFlight { .. })), "{answer:?}");
    let key = unique();
    abandon(&elsewhere, short, &key).await;
    lapsed(&idem, &key).await;
    let (answer, outcome) = call(&idem, long, &key, &runs).await;
    assert_eq!(answer.unwrap(), 1);
    assert!(matches!(outcome, Outcome::Ran { attempt: 2, .. }), "{outcome:?}");
}
