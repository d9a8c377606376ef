//! Looking at records and changing them by hand.

use std::time::Duration;

use idem::store::{Settled, State};
use idem::{Error, Idem, Key, Outcome, Plan};
use kit::place::Place;

use crate::support::{SHORT_LEASE, ask, is_in_flight, orphan, two_engines};

const PLAN: Plan = Plan::setnx();

on_every_store! {
    a_record_says_where_it_is
    a_key_is_freed_by_its_fence
    a_key_is_completed_by_its_fence
    a_key_is_forgotten_by_its_fence
}

fn key() -> Key {
    let one = 1;
    idem::key!("op:{one}")
}

async fn fence(idem: &Idem) -> u64 {
    idem.get(&key()).await.unwrap().unwrap().fence
}

async fn a_record_says_where_it_is(place: Place) {
    let idem = place.builder().await.holder("the-holder").build().await.unwrap();
    assert!(idem.get(&key()).await.unwrap().is_none());
    let body = async {
        let entry = idem.get(&key()).await.unwrap().unwrap();
        assert_eq!((entry.state, entry.attempts), (Some(State::Running), 1));
        assert_eq!((entry.fence, &*entry.holder), (idem::attempt().fence(), "the-holder"));
        let left = entry.lease_left.unwrap();
        assert!(left > Duration::from_secs(5) && left <= Duration::from_secs(30), "{left:?}");
        Ok::<_, Error>(1)
    };
    idem.call(&PLAN, key(), body).await.unwrap();
    let entry = idem.get(&key()).await.unwrap().unwrap();
    assert_eq!((entry.state, entry.lease_left), (Some(State::Completed), None));
}

async fn a_key_is_freed_by_its_fence(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    assert_eq!(elsewhere.release(&key(), 1).await.unwrap(), Settled::Lost, "nothing there");
    orphan(&idem, &PLAN).await;
    let fence = fence(&elsewhere).await;
    assert_eq!(elsewhere.release(&key(), fence + 1).await.unwrap(), Settled::Lost);
    assert!(is_in_flight(&ask(&elsewhere, &PLAN).await.0));
    assert_eq!(elsewhere.release(&key(), fence).await.unwrap(), Settled::Done);
    let (answer, outcome) = ask(&idem, &PLAN).await;
    assert_eq!(answer.unwrap(), 77);
    assert!(matches!(outcome, Outcome::Ran { attempt: 2, .. }), "{outcome:?}");
    // A completed key is not freed by hand.
    let completed = self::fence(&idem).await;
    assert_eq!(elsewhere.release(&key(), completed).await.unwrap(), Settled::Lost);
    assert!(matches!(ask(&idem, &PLAN).await.1, Outcome::Replayed { .. }));
}

async fn a_key_is_completed_by_its_fence(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    orphan(&idem, &PLAN).await;
    let fence = fence(&elsewhere).await;
    assert_eq!(elsewhere.complete(&key(), fence + 1, &5_usize).await.unwrap(), Settled::Lost);
    assert_eq!(elsewhere.complete(&key(), fence, &5_usize).await.unwrap(), Settled::Done);
    for engine in [&idem, &elsewhere] {
        assert_eq!(ask(engine, &PLAN).await.0.unwrap(), 5);
    }
    assert_eq!(elsewhere.complete(&key(), fence, &6_usize).await.unwrap(), Settled::Lost);
    assert_eq!(ask(&idem, &PLAN).await.0.unwrap(), 5);
}

async fn a_key_is_forgotten_by_its_fence(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    ask(&idem, &PLAN).await.0.unwrap();
    let fence = fence(&elsewhere).await;
    assert_eq!(elsewhere.purge(&key(), fence + 1).await.unwrap(), Settled::Lost);
    assert!(matches!(ask(&idem, &PLAN).await.1, Outcome::Replayed { .. }));
    assert_eq!(elsewhere.purge(&key(), fence).await.unwrap(), Settled::Done);
    assert!(elsewhere.get(&key()).await.unwrap().is_none());
    assert!(matches!(ask(&idem, &PLAN).await.1, Outcome::Ran { attempt: 1, .. }));
}

/// An owner whose claim was taken away by hand finds out, and overwrites nothing.
#[tokio::test(start_paused = true)]
async fn an_owner_that_was_completed_or_purged_by_hand_finds_out() {
    for purge in [false, true] {
        let idem = Idem::in_memory();
        let body = async {
            let fence = idem::attempt().fence();
            let taken = if purge {
                idem.purge(&key(), fence).await
            } else {
                idem.release(&key(), fence).await
            };
            assert_eq!(taken.unwrap(), Settled::Done);
            idem::attempt().cancelled().await;
            Ok::<usize, Error>(1)
        };
        let (value, outcome) = idem::with_outcome(idem.call(&SHORT_LEASE, key(), body)).await;
        assert_eq!(value.unwrap(), 1);
        assert!(matches!(outcome, Outcome::Ran { stored: false, .. }), "{outcome:?}");
        assert_eq!(ask(&idem, &SHORT_LEASE).await.0.unwrap(), 77);
    }
}
