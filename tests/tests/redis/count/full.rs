//! A server that is full, and counts.

use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use idem::store::State;
use idem::{Error, Outcome, with_outcome};
use kit::redis::Server;

use super::{ONCE, SHORT, is_exhausted};
use crate::spoken::{PATIENT, SOON, Spoken, abandon, assert_replays, call, lapsed};

however_spoken! {
    what_writes_nothing_is_answered
    nobody_takes_a_running_attempt_over
}

async fn what_writes_nothing_is_answered(spoken: Spoken) {
    let server = Server::start(spoken.flavour());
    let mut client = server.client().await;
    let idem = spoken.engine(&server.url(), PATIENT).await;
    let elsewhere = spoken.engine(&server.url(), PATIENT).await;
    let runs = AtomicUsize::new(0);
    call(&idem, ONCE, "done", &runs).await.0.unwrap();
    abandon(&elsewhere, ONCE, "running").await;
    abandon(&elsewhere, ONCE.lease(SHORT), "spent").await;
    lapsed(&idem, "spent").await;
    client.config_set("maxmemory", "1").await;
    assert_eq!(call(&idem, ONCE, "done", &runs).await.0.unwrap(), 1);
    let answer = call(&idem, ONCE, "running", &runs).await.0;
    assert!(matches!(answer, Err(Error::InFlight { .. })), "{answer:?}");
    assert!(is_exhausted(&call(&idem, ONCE, "spent", &runs).await.0));
    for (key, plan) in [("fresh", ONCE), ("spent", ONCE.limit(2))] {
        let answer = call(&idem, plan, key, &runs).await.0;
        assert!(matches!(answer, Err(Error::Outage { .. })), "{answer:?}");
    }
    assert_eq!(runs.load(std::sync::atomic::Ordering::Relaxed), 1);
    client.config_set("maxmemory", "0").await;
    call(&idem, ONCE, "fresh", &runs).await.0.unwrap();
    // Nothing was counted while it was refused.
    call(&idem, ONCE.limit(2), "spent", &runs).await.0.unwrap();
}

/// Its lease is renewed, though that writes: a script may do so where a server knows the flag. An
/// older one refuses, and refuses whoever would take over just as well.
async fn nobody_takes_a_running_attempt_over(spoken: Spoken) {
    let lease = Duration::from_millis(1200);
    let server = Server::start(spoken.flavour());
    let mut client = server.client().await;
    let idem = spoken.engine(&server.url(), PATIENT).await;
    let elsewhere = spoken.engine(&server.url(), PATIENT).await;
    let (plan, key, runs) = (ONCE.lease(lease), "1", AtomicUsize::new(0));
    let body = async {
        client.config_set("maxmemory", "1").await;
        tokio::time::sleep(2 * lease).await;
        let renewed = !idem::attempt().is_cancelled();
        assert_eq!(renewed, !matches!(spoken, Spoken::Scripts));
        let (answer, _) = call(&elsewhere, ONCE.limit(2), key, &runs).await;
        assert!(matches!(answer, Err(Error::InFlight { .. } | Error::Outage { .. })), "{answer:?}");
        Ok::<_, Error>(7)
    };
    let call = Box::pin(with_outcome(idem.call(&plan, idem::key!("op:{key}"), body)));
    let (answer, outcome) = call.await;
    assert_eq!(answer.unwrap(), 7);
    assert!(matches!(outcome, Outcome::Ran { attempt: 1, stored: false, .. }), "{outcome:?}");
    if matches!(spoken, Spoken::Scripts) {
        // Storing is not tried past the lease.
        return;
    }
    client.config_set("maxmemory", "0").await;
    kit::wait_for("the completion to land", SOON, async || {
        let entry = idem.get(&idem::key!("op:{key}")).await.unwrap().unwrap();
        entry.state == Some(State::Completed)
    })
    .await;
    assert_replays(&elsewhere, key, 7).await;
}
