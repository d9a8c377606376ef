//! A key that is used again with other arguments.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use idem::{Error, Idem, Key, Outcome, Plan, with_outcome};
use kit::place::Place;
use serde::Serialize;

use crate::support::{Runs, SHORT_LEASE, SOON, begun, two_engines};

const PLAN: Plan = Plan::setnx();

on_every_store! {
    another_payload_is_refused_once_completed
    another_payload_is_refused_while_in_flight
    another_payload_is_refused_after_the_lease
    a_freed_key_is_anybodys
    what_was_fingerprinted_otherwise_is_not_compared
}

fn key(values: &impl Serialize) -> Key {
    let one = 1;
    idem::key!("op:{one}").fingerprint(values)
}

async fn call(idem: &Idem, key: Key) -> Result<&'static str, Error> {
    let (answer, outcome) = with_outcome(idem.call(&PLAN, key, async { Ok::<_, Error>(()) })).await;
    answer.map(|()| if matches!(outcome, Outcome::Ran { .. }) { "ran" } else { "replayed" })
}

fn is_mismatch<T>(answer: &Result<T, Error>) -> bool {
    matches!(answer, Err(Error::Mismatch { key, .. }) if key == "op:1")
}

/// C61, C62
async fn another_payload_is_refused_once_completed(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    assert_eq!(call(&idem, key(&(100, "EUR"))).await.unwrap(), "ran");
    for engine in [&idem, &elsewhere] {
        for other in [(101, "EUR"), (100, "USD")] {
            let answer = call(engine, key(&other)).await;
            assert!(is_mismatch(&answer), "{answer:?}");
        }
        assert_eq!(call(engine, key(&(100, "EUR"))).await.unwrap(), "replayed");
    }
}

/// C63: mismatch beats in flight; the same payload is in flight.
async fn another_payload_is_refused_while_in_flight(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    let body = async {
        for engine in [idem.clone(), elsewhere.clone()] {
            let asked = async move { [call(&engine, key(&2)).await, call(&engine, key(&1)).await] };
            let [other, same] = tokio::spawn(asked).await.unwrap();
            assert!(is_mismatch(&other), "{other:?}");
            assert!(matches!(same, Err(Error::InFlight { .. })), "{same:?}");
        }
        Ok::<_, Error>(())
    };
    idem.call(&PLAN, key(&1), body).await.unwrap();
}

async fn another_payload_is_refused_after_the_lease(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    let runs = Runs::default();
    let body = async {
        runs.next();
        std::future::pending::<Result<u32, Error>>().await
    };
    drop(begun(idem.call(&SHORT_LEASE, key(&1), body), || runs.count() == 1).await);
    tokio::time::sleep(Duration::from_millis(600)).await;
    for engine in [&idem, &elsewhere] {
        let answer = call(engine, key(&2)).await;
        assert!(is_mismatch(&answer), "{answer:?}");
    }
    kit::wait_for("the same payload to run", SOON, async || call(&idem, key(&1)).await.is_ok())
        .await;
}

/// A key that was given back keeps no fingerprint.
async fn a_freed_key_is_anybodys(place: Place) {
    let idem = place.engine().await;
    let fails = async { Err::<(), _>(Error::outage("the body's own")) };
    assert!(idem.call(&PLAN, key(&1), fails).await.is_err());
    assert_eq!(call(&idem, key(&2)).await.unwrap(), "ran");
    assert!(is_mismatch(&call(&idem, key(&1)).await));
}

/// C68: added later, taken away, or of other values: a replay, and no answer is lost by a deploy.
async fn what_was_fingerprinted_otherwise_is_not_compared(place: Place) {
    let idem = place.engine().await;
    let plain = |op: &str| idem::key!("op:{op}");
    assert_eq!(call(&idem, plain("a")).await.unwrap(), "ran");
    assert_eq!(call(&idem, plain("a").fingerprint(&1)).await.unwrap(), "replayed");
    assert_eq!(call(&idem, plain("b").fingerprint(&1)).await.unwrap(), "ran");
    assert_eq!(call(&idem, plain("b")).await.unwrap(), "replayed");
    let scheme = |scheme: &str, value: u32| {
        plain("c").fingerprint_of(scheme, [idem::Comparable::compared(&value)])
    };
    assert_eq!(call(&idem, scheme("amount", 1)).await.unwrap(), "ran");
    assert_eq!(call(&idem, scheme("amount, to", 2)).await.unwrap(), "replayed");
    assert!(matches!(call(&idem, scheme("amount", 2)).await, Err(Error::Mismatch { .. })));
}

/// C48: the order of a map's keys, or of a struct's fields, is no part of a request.
#[tokio::test]
async fn order_does_not_count_and_values_do() {
    #[derive(Serialize)]
    struct OneWay {
        amount: u32,
        currency: &'static str,
    }
    #[derive(Serialize)]
    struct OtherWay {
        currency: &'static str,
        amount: u32,
    }
    let idem = Idem::in_memory();
    let one = OneWay { amount: 1, currency: "EUR" };
    let other = OtherWay { currency: "EUR", amount: 1 };
    let map: HashMap<_, _> = [("currency", serde_json::json!("EUR")), ("amount", 1.into())].into();
    assert_eq!(call(&idem, key(&one)).await.unwrap(), "ran");
    for same in [key(&other), key(&map), key(&BTreeMap::from_iter(map.clone()))] {
        assert_eq!(call(&idem, same).await.unwrap(), "replayed");
    }
}

/// C65: whatever is nested, and however it is regrouped.
#[tokio::test]
async fn every_change_shows() {
    let idem = Idem::in_memory();
    let value =
        serde_json::json!({"to": {"iban": "DE1", "list": [1, [2, 3], null, "ab", "c"]}, "n": 1});
    assert_eq!(call(&idem, key(&value)).await.unwrap(), "ran");
    let changed = [
        serde_json::json!({"to": {"iban": "DE2", "list": [1, [2, 3], null, "ab", "c"]}, "n": 1}),
        serde_json::json!({"to": {"iban": "DE1", "list": [1, 2, [3], null, "ab", "c"]}, "n": 1}),
        serde_json::json!({"to": {"iban": "DE1", "list": [1, [2, 3], "ab", "c"]}, "n": 1}),
        serde_json::json!({"to": {"iban": "DE1", "list": [1, [2, 3], null, "a", "bc"]}, "n": 1}),
        serde_json::json!({"to": {"iban": "DE1", "list": [1, [2, 3], null, "ab", "c"], "n": 1}}),
        serde_json::json!({"to": {"iban": "DE1", "list": [1, [2, 3], null, "ab", "c"]}, "n": "1"}),
        serde_json::json!({"to": {"iban": "DE1", "list": [1, [2, 3], null, "ab", "c"]}, "n": 1.0}),
        serde_json::json!({"to": {"iban": "DE1", "list": [1, [2, 3], false, "ab", "c"]}, "n": 1}),
    ];
    for other in changed {
        assert!(is_mismatch(&call(&idem, key(&other)).await), "{other}");
    }
}

/// What will not serialise is reported by who uses the key, and nothing runs.
#[tokio::test]
async fn what_can_not_be_fingerprinted_is_an_invalid_key() {
    let idem = Idem::in_memory();
    let answer = call(&idem, key(&BTreeMap::from([((1, 2), 3)]))).await;
    assert!(matches!(answer, Err(Error::InvalidKey { .. })), "{answer:?}");
    let one = 1;
    assert!(idem.get(&idem::key!("op:{one}")).await.unwrap().is_none());
}
