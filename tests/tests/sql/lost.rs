//! A connection that is cut before and after the database has committed.

use std::sync::atomic::{AtomicUsize, Ordering};

use idem::store::State;
use idem::{Error, Idem, Outcome, Plan, with_outcome};
use kit::proxy::Proxy;

use crate::database::{Database, ask, key};

on_every_server! {
    a_claim_whose_answer_was_lost_is_found_again
    a_claim_whose_caller_left_is_given_back
    a_completion_whose_answer_was_lost_is_found_again
    a_claim_that_was_cut_on_its_way_is_sent_again
    a_connection_that_hangs_is_replaced
    connections_that_were_cut_while_idle_are_replaced
}

const PLAN: Plan = Plan::db();
const RESULT: &str = "the receipt";

/// An engine that reaches its database by a proxy, and has asked each of its statements once: what
/// is sent from then on are values.
async fn warm(database: &Database) -> (Proxy, Idem) {
    database.engine().await;
    let proxy = Proxy::start(database.server().address()).await;
    let idem = database.by_way_of(proxy.address()).engine().await;
    ask(&idem, &PLAN, 1000).await.0.unwrap();
    (proxy, idem)
}

async fn receipt(idem: &Idem, runs: &AtomicUsize) -> (Result<String, Error>, Outcome) {
    let body = async {
        runs.fetch_add(1, Ordering::SeqCst);
        Ok::<_, Error>(RESULT.to_owned())
    };
    with_outcome(idem.call(&PLAN, key(1_u64), body)).await
}

/// What is sent of a claim, and of no look before it: who holds it, this process.
fn claim() -> String {
    format!("/{}", std::process::id())
}

/// The claim commits, and nobody hears of it: its owner finds it under its own name, and runs.
async fn a_claim_whose_answer_was_lost_is_found_again(database: Database) {
    let (proxy, idem) = warm(&database).await;
    let runs = AtomicUsize::new(0);
    let swallowed = proxy.swallow_reply_to(claim());
    let (value, outcome) = receipt(&idem, &runs).await;
    swallowed.landed().await;
    assert_eq!(value.unwrap(), RESULT);
    assert!(matches!(outcome, Outcome::Ran { attempt: 1, stored: true, .. }), "{outcome:?}");
    let (value, outcome) = receipt(&idem, &runs).await;
    assert_eq!((value.unwrap().as_str(), runs.load(Ordering::SeqCst)), (RESULT, 1));
    assert!(matches!(outcome, Outcome::Replayed { .. }), "{outcome:?}");
}

/// C39: the claim commits under a fence that the database chose and its caller has never heard of.
async fn a_claim_whose_caller_left_is_given_back(database: Database) {
    let (proxy, idem) = warm(&database).await;
    let swallowed = proxy.swallow_reply_to(claim());
    let call = tokio::spawn({
        let idem = idem.clone();
        async move { ask(&idem, &PLAN, 1).await.0 }
    });
    swallowed.landed().await;
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    kit::wait_for("the key to be free", crate::database::SOON, async || {
        let entry = idem.get(&key(1_u64)).await.unwrap();
        entry.is_some_and(|entry| entry.state == Some(State::Free))
    })
    .await;
}

/// C35: the completion commits, and nobody hears of it: it is found, not made again.
async fn a_completion_whose_answer_was_lost_is_found_again(database: Database) {
    let (proxy, idem) = warm(&database).await;
    let runs = AtomicUsize::new(0);
    let swallowed = proxy.swallow_reply_to(RESULT);
    let (value, outcome) = receipt(&idem, &runs).await;
    swallowed.landed().await;
    assert_eq!(value.unwrap(), RESULT);
    assert!(matches!(outcome, Outcome::Ran { attempt: 1, stored: true, .. }), "{outcome:?}");
    let (_, outcome) = receipt(&idem, &runs).await;
    assert!(matches!(outcome, Outcome::Replayed { .. }), "{outcome:?}");
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

/// The claim never reaches the database.
async fn a_claim_that_was_cut_on_its_way_is_sent_again(database: Database) {
    let (proxy, idem) = warm(&database).await;
    let runs = AtomicUsize::new(0);
    for bytes in [1, 40] {
        proxy.cut_request_after(bytes);
        let (value, _) = receipt(&idem, &runs).await;
        assert_eq!(value.unwrap(), RESULT);
    }
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

/// It never answers, and is not closed: its place in the pool is had by another.
async fn a_connection_that_hangs_is_replaced(database: Database) {
    database.engine().await;
    let proxy = Proxy::start(database.server().address()).await;
    let through = database.by_way_of(proxy.address());
    let idem = through.builder_with(1).timeout(std::time::Duration::from_secs(1));
    let idem = idem.build().await.unwrap();
    ask(&idem, &PLAN, 1000).await.0.unwrap();
    let held = proxy.hold_request("op:1");
    let refused = ask(&idem, &PLAN, 1).await.0.unwrap_err();
    assert!(matches!(refused, Error::Outage { .. }), "{refused:?}");
    let _never_delivered = held.caught().await;
    kit::wait_for("another connection", crate::database::SOON, async || {
        ask(&idem, &PLAN, 2).await.0.is_ok()
    })
    .await;
}

async fn connections_that_were_cut_while_idle_are_replaced(database: Database) {
    let (proxy, idem) = warm(&database).await;
    for number in 1..4 {
        proxy.cut_all();
        assert_eq!(ask(&idem, &PLAN, number).await.0.unwrap(), 77);
    }
}
