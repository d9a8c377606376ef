//! A batch whose answer is lost, and callers that leave while it is on its way.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use idem::{Idem, Outcome};
use kit::database::Kind as Servers;
use kit::proxy::{Caught, Proxy};

use super::{Call, MANY, PLAN, at_once, calls};
use crate::database::{Database, Kind, SOON, ask, key};

on_every_server! {
    claims_whose_answer_was_lost_are_found_again
    completions_whose_answer_was_lost_are_found_again
    a_batch_that_was_cut_on_its_way_is_sent_one_by_one
    callers_that_leave_give_their_keys_back
}

/// An engine behind a proxy, that has asked its statements, those for many too.
async fn warm(database: &Database) -> (Proxy, Idem) {
    database.engine().await;
    let proxy = Proxy::start(database.server().address()).await;
    let idem = database.by_way_of(proxy.address()).engine().await;
    answer_all(calls(&idem, 1000..1100, &at_once(), &Arc::default())).await;
    (proxy, idem)
}

async fn answer_all(calls: Vec<Call>) {
    for (number, call) in calls {
        let (value, outcome) = call.await.unwrap();
        assert_eq!(value.unwrap(), number * 3);
        assert!(matches!(outcome, Outcome::Ran { attempt: 1, stored: true, .. }), "{outcome:?}");
    }
}

/// A key as it passes in a batch.
fn in_a_batch(database: &Database, number: u64) -> String {
    as_in_a_batch(database, &format!("op:{number}"))
}

/// What a batch of these calls can be known by: in MariaDB any of them by how it has names, for which of
/// them go alone is left to chance; elsewhere the last one, since the first ones go alone.
fn a_batch(database: &Database) -> String {
    match database.kind {
        Kind::Server(Servers::MariaDb) => as_in_a_batch(database, "op:"),
        _ => in_a_batch(database, MANY.end - 1),
    }
}

pub(super) fn as_in_a_batch(database: &Database, name: &str) -> String {
    if !matches!(database.kind, Kind::Server(Servers::MariaDb)) {
        return name.to_owned();
    }
    let mut digits = String::new();
    for byte in name.bytes() {
        write!(digits, "{byte:02x}").expect("a string takes everything");
    }
    digits
}

async fn claims_whose_answer_was_lost_are_found_again(database: Database) {
    let (proxy, idem) = warm(&database).await;
    let runs = Arc::<AtomicUsize>::default();
    let swallowed = proxy.swallow_reply_to(a_batch(&database));
    answer_all(calls(&idem, MANY, &at_once(), &runs)).await;
    swallowed.landed().await;
    assert_eq!(runs.load(Ordering::SeqCst), 64);
}

async fn completions_whose_answer_was_lost_are_found_again(database: Database) {
    let (proxy, idem) = warm(&database).await;
    let (go, runs) = (Arc::new(tokio::sync::Semaphore::new(0)), Arc::<AtomicUsize>::default());
    let calls = calls(&idem, MANY, &go, &runs);
    kit::wait_for("all to run", SOON, async || runs.load(Ordering::SeqCst) == 64).await;
    // Names pass again only with what completes them.
    let swallowed = proxy.swallow_reply_to(a_batch(&database));
    go.add_permits(64);
    answer_all(calls).await;
    swallowed.landed().await;
    for number in MANY {
        let (_, outcome) = ask(&idem, &PLAN, number).await;
        assert!(matches!(outcome, Outcome::Replayed { .. }), "{outcome:?}");
    }
    assert_eq!(runs.load(Ordering::SeqCst), 64);
}

async fn a_batch_that_was_cut_on_its_way_is_sent_one_by_one(database: Database) {
    let (proxy, idem) = warm(&database).await;
    let runs = Arc::<AtomicUsize>::default();
    for bytes in [1, 2000] {
        proxy.cut_request_after(bytes);
    }
    answer_all(calls(&idem, MANY, &at_once(), &runs)).await;
    assert_eq!(runs.load(Ordering::SeqCst), 64);
}

/// Two go alone, the third is a batch: all three are on their way. Whoever comes then waits.
async fn callers_that_leave_give_their_keys_back(database: Database) {
    let (proxy, idem) = warm(&database).await;
    let runs = Arc::<AtomicUsize>::default();
    let mut held: Vec<(Caught, Call)> = Vec::new();
    for number in 1..=3_u64 {
        let alone = number < 3;
        let pattern = if alone { format!("op:{number}") } else { in_a_batch(&database, number) };
        let request = proxy.hold_request(pattern);
        let call = calls(&idem, number..=number, &at_once(), &runs).pop().unwrap();
        held.push((request.caught().await, call));
    }
    let waiting = calls(&idem, 4..=9, &at_once(), &runs);
    let (caught, (_, in_the_batch)) = held.pop().unwrap();
    in_the_batch.abort();
    for (number, call) in &waiting {
        if number % 2 == 0 {
            call.abort();
        }
    }
    assert!(in_the_batch.await.unwrap_err().is_cancelled());
    caught.deliver().await;
    for (caught, (_, call)) in held {
        caught.deliver().await;
        call.await.unwrap().0.unwrap();
    }
    for (number, call) in waiting {
        if number % 2 == 1 {
            assert_eq!(call.await.unwrap().0.unwrap(), number * 3);
        }
    }
    assert_eq!(runs.load(Ordering::SeqCst), 5);
    // Whoever left holds nothing, though a lease would be an hour.
    for number in [3, 4, 6, 8_u64] {
        kit::wait_for("the key to be free", SOON, async || {
            ask(&idem, &PLAN, number).await.0.is_ok_and(|value| value == 77)
        })
        .await;
        assert!(idem.get(&key(number)).await.unwrap().is_some());
    }
}
