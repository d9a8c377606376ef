//! `on_outage = "run"`: without a claim only where none can have reached the store.

use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use idem::{Error, OnOutage, Outcome, Plan};
use kit::proxy::Proxy;
use kit::redis::Server;

use crate::spoken::{SOON, Spoken, abandon, call};

const TIMEOUT: Duration = Duration::from_millis(600);
const PLAN: Plan = Plan::setnx();
const RUN: Plan = PLAN.on_outage(OnOutage::Run);

however_spoken! {
    without_a_server_the_body_runs
    not_when_the_claim_has_landed
    not_when_the_claim_is_on_its_way
    not_when_the_server_was_paused_under_it
    not_when_the_key_was_seen_in_flight
}

async fn without_a_server_the_body_runs(spoken: Spoken) {
    let mut server = Server::start(spoken.flavour());
    let idem = spoken.engine(&server.url(), TIMEOUT).await;
    let runs = AtomicUsize::new(0);
    server.kill();
    // Right after the server has died a claim may still have been sent to it. Once the connection
    // is known to be gone, none is.
    kit::wait_for("a call that runs unguarded", SOON, async || {
        match call(&idem, RUN, "1", &runs).await {
            (Ok(_), Outcome::Unguarded) => true,
            (Err(Error::Outage { .. }), Outcome::Refused) => false,
            other => panic!("{other:?}"),
        }
    })
    .await;
    for run in 2..=3 {
        let (answer, outcome) = call(&idem, RUN, "1", &runs).await;
        assert_eq!((answer.unwrap(), outcome), (run, Outcome::Unguarded));
    }
    // Others are not carried along.
    assert!(matches!(call(&idem, PLAN, "1", &runs).await.0, Err(Error::Outage { .. })));
    // And with a server it is guarded again.
    server.start_again();
    let (answer, outcome) = call(&idem, RUN, "1", &runs).await;
    assert_eq!(answer.unwrap(), 4);
    assert!(matches!(outcome, Outcome::Ran { stored: true, .. }), "{outcome:?}");
}

async fn refused(idem: &idem::Idem, key: &str) {
    let runs = AtomicUsize::new(0);
    let (answer, outcome) = call(idem, RUN, key, &runs).await;
    assert!(matches!(answer, Err(Error::Outage { .. })), "{answer:?}");
    assert_eq!((outcome, runs.into_inner()), (Outcome::Refused, 0));
}

async fn not_when_the_claim_has_landed(spoken: Spoken) {
    let server = Server::start(spoken.flavour());
    let mut proxy = Proxy::start(server.address()).await;
    let idem = spoken.warm_engine(&server.url_by_way_of(proxy.address()), TIMEOUT).await;
    let lost = proxy.swallow_reply_to("op:1");
    proxy.refuse().await;
    refused(&idem, "1").await;
    lost.landed().await;
}

async fn not_when_the_claim_is_on_its_way(spoken: Spoken) {
    let server = Server::start(spoken.flavour());
    let mut proxy = Proxy::start(server.address()).await;
    let idem = spoken.warm_engine(&server.url_by_way_of(proxy.address()), TIMEOUT).await;
    let held = proxy.hold_request("op:1");
    proxy.refuse().await;
    refused(&idem, "1").await;
    held.caught().await.deliver().await;
    // Half of it has left, and is nothing to the server; who knows.
    proxy.accept().await;
    proxy.cut_request_after(40);
    let (answer, _) = call(&idem, PLAN, "2", &AtomicUsize::new(0)).await;
    answer.unwrap();
}

async fn not_when_the_server_was_paused_under_it(spoken: Spoken) {
    let mut server = Server::start(spoken.flavour());
    let idem = spoken.warm_engine(&server.url(), TIMEOUT).await;
    server.pause();
    refused(&idem, "1").await;
}

async fn not_when_the_key_was_seen_in_flight(spoken: Spoken) {
    let mut server = Server::start(spoken.flavour());
    let idem = spoken.warm_engine(&server.url(), TIMEOUT).await;
    let elsewhere = spoken.engine(&server.url(), TIMEOUT).await;
    abandon(&elsewhere, PLAN, "1").await;
    // It has seen the claim of another, and waits for it, when the server goes.
    let runs = AtomicUsize::new(0);
    let mut monitor = server.monitor().await;
    let (answer, outcome) = {
        let mut waiting = Box::pin(call(&idem, RUN.wait(SOON), "1", &runs));
        let mut asked = 0;
        while asked < 2 {
            tokio::select! {
                answer = &mut waiting => panic!("{answer:?}"),
                seen = monitor.seen_with("op:1") => asked += seen.len(),
            }
        }
        server.kill();
        waiting.await
    };
    assert!(matches!(answer, Err(Error::Outage { .. })), "{answer:?}");
    assert_eq!((outcome, runs.into_inner()), (Outcome::Refused, 0));
}
