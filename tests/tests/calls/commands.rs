//! What a call costs a server, and what it leaves there.

use std::time::Duration;

use idem::{Error, Idem, Plan};
use kit::place::Place;
use kit::redis::Monitor;

use crate::support::{SHORT_LEASE, SOON, ask, is_in_flight, orphan, two_engines};

const PLAN: Plan = Plan::setnx();

on_every_redis! {
    each_call_costs_what_is_promised
    every_write_has_a_time_to_live
    a_record_without_a_time_to_live_is_owned
    forgotten_scripts_are_given_again
}

/// What was sent for this place since this was last asked; a server asks for a script once more
/// when it does not know it.
async fn sent(monitor: &mut Monitor, place: &Place) -> usize {
    let sent = monitor.seen_with(place.prefix()).await;
    sent.iter().filter(|command| !command.starts_with("EVAL ")).count()
}

/// C109
async fn each_call_costs_what_is_promised(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    let mut monitor = place.server().unwrap().monitor().await;
    ask(&idem, &PLAN).await.0.unwrap();
    assert_eq!(sent(&mut monitor, &place).await, 2, "fresh");
    for engine in [&idem, &elsewhere] {
        ask(engine, &PLAN).await.0.unwrap();
        assert_eq!(sent(&mut monitor, &place).await, 1, "a duplicate");
    }
    let two = 2;
    let key = move || idem::key!("op:{two}");
    let body = async {
        assert_eq!(sent(&mut monitor, &place).await, 1);
        let inside = async |engine: &Idem| {
            let engine = engine.clone();
            let call =
                async move { engine.call(&PLAN, key(), async { Ok::<u32, Error>(1) }).await };
            assert!(is_in_flight(&tokio::spawn(call).await.unwrap()));
        };
        inside(&idem).await;
        assert_eq!(sent(&mut monitor, &place).await, 0, "in flight in this process");
        inside(&elsewhere).await;
        assert_eq!(sent(&mut monitor, &place).await, 2, "in flight elsewhere");
        Err::<u32, _>(Error::outage("the body's own"))
    };
    assert!(idem.call(&PLAN, key(), body).await.is_err());
    assert_eq!(sent(&mut monitor, &place).await, 1, "releasing");
    elsewhere.call(&PLAN, key(), async { Ok::<u32, Error>(1) }).await.unwrap();
    assert_eq!(sent(&mut monitor, &place).await, 3, "after an `Err`");
    let disabled = place.builder().await.disabled().build().await.unwrap();
    ask(&disabled, &PLAN).await.0.unwrap();
    assert_eq!(sent(&mut monitor, &place).await, 0, "disabled");
}

/// C104, H48: after a claim, a renewal, a completion, a release and a takeover.
async fn every_write_has_a_time_to_live(place: Place) {
    let idem = place.engine().await;
    let client = place.server().unwrap().client().await;
    let name = format!("{}:op:1", place.prefix());
    let ttl = async || -> u64 {
        let left: i64 = client.clone().run(&["PTTL", &name]).await;
        u64::try_from(left).expect("it has one")
    };
    let kept = |left: u64| (500_000..=600_000).contains(&left);
    let one = 1;
    let fails = async {
        assert!(kept(ttl().await));
        tokio::time::sleep(Duration::from_millis(500)).await;
        let left = ttl().await;
        assert!(kept(left) && left > 599_600, "renewed: {left}");
        Err::<usize, _>(Error::outage("the body's own"))
    };
    assert!(idem.call(&SHORT_LEASE, idem::key!("op:{one}"), fails).await.is_err());
    assert!(kept(ttl().await), "released");
    orphan(&idem, &SHORT_LEASE).await;
    assert!(kept(ttl().await), "claimed over a free record");
    let taken = SHORT_LEASE.wait(SOON);
    let body = async {
        assert!(kept(ttl().await), "taken over");
        Ok::<usize, Error>(1)
    };
    idem.call(&taken, idem::key!("op:{one}"), body).await.unwrap();
    assert!(kept(ttl().await), "completed");
}

/// C10, H52b
async fn a_record_without_a_time_to_live_is_owned(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    let mut client = place.server().unwrap().client().await;
    let name = format!("{}:op:1", place.prefix());
    orphan(&idem, &SHORT_LEASE).await;
    client.run::<()>(&["PERSIST", &name]).await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    // The lease would have lapsed, and nobody can tell: it gets its retention back.
    assert!(is_in_flight(&ask(&elsewhere, &SHORT_LEASE).await.0));
    let left: i64 = client.run(&["PTTL", &name]).await;
    assert!(left > 500_000, "{left}");
    kit::wait_for("the lease to lapse", SOON, async || {
        ask(&elsewhere, &SHORT_LEASE).await.0.is_ok()
    })
    .await;
}

/// C110
async fn forgotten_scripts_are_given_again(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    let mut client = place.server().unwrap().client().await;
    for op in 0..3 {
        let key = || idem::key!("op:{op}");
        client.script_flush().await;
        let body = async {
            client.script_flush().await;
            let within = elsewhere.call(&PLAN, key(), async { Ok::<u32, Error>(2) }).await;
            assert!(is_in_flight(&within), "{within:?}");
            client.script_flush().await;
            Ok::<u32, Error>(op)
        };
        assert_eq!(idem.call(&PLAN, key(), body).await.unwrap(), op);
        assert_eq!(elsewhere.call(&PLAN, key(), async { Ok::<u32, Error>(2) }).await.unwrap(), op);
    }
}
