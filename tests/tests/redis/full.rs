//! A server that is full (`noeviction`): what needs no room goes on, the rest is an outage.

use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use idem::store::State;
use idem::{Error, Idem, Outcome, Plan, with_outcome};
use kit::redis::{Client, Server};

use crate::spoken::{PATIENT, SOON, Spoken, abandon, assert_replays, call, lapsed};

const PLAN: Plan = Plan::setnx();

however_spoken! {
    duplicates_replay_and_fresh_calls_are_an_outage
    so_do_they_where_it_has_lost_its_replicas
    leases_are_renewed_and_the_completion_lands_later
    a_client_that_connects_to_it_speaks_as_before
}

async fn fill(client: &mut Client) {
    client.config_set("maxmemory", "1").await;
}

async fn make_room(client: &mut Client) {
    client.config_set("maxmemory", "0").await;
}

async fn assert_full(idem: &Idem, key: &str) {
    assert_refused(idem, key, "maxmemory").await;
}

async fn assert_refused(idem: &Idem, key: &str, why: &str) {
    let runs = AtomicUsize::new(0);
    let (answer, outcome) = call(idem, PLAN, key, &runs).await;
    match answer {
        Err(Error::Outage { source, .. }) => {
            assert!(source.to_string().contains(why), "{source}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!((outcome, runs.into_inner()), (Outcome::Refused, 0));
}

/// Two engines, and the bodies that have run: of `done`, and not of `running`, which was left.
async fn one_done_and_one_running(spoken: Spoken, server: &Server) -> (Idem, Idem, AtomicUsize) {
    let idem = spoken.engine(&server.url(), PATIENT).await;
    let elsewhere = spoken.engine(&server.url(), PATIENT).await;
    let runs = AtomicUsize::new(0);
    call(&idem, PLAN, "done", &runs).await.0.unwrap();
    abandon(&elsewhere, PLAN, "running").await;
    (idem, elsewhere, runs)
}

async fn assert_both_are_told(idem: &Idem, runs: &AtomicUsize) {
    assert_replays(idem, "done", 1).await;
    let (answer, _) = call(idem, PLAN, "running", runs).await;
    assert!(matches!(answer, Err(Error::InFlight { .. })), "{answer:?}");
}

async fn duplicates_replay_and_fresh_calls_are_an_outage(spoken: Spoken) {
    let server = Server::start(spoken.flavour());
    let mut client = server.client().await;
    let (idem, elsewhere, runs) = one_done_and_one_running(spoken, &server).await;
    abandon(&elsewhere, PLAN.lease(Duration::from_millis(50)), "lapsed").await;
    lapsed(&idem, "lapsed").await;
    fill(&mut client).await;
    assert_both_are_told(&idem, &runs).await;
    assert_full(&idem, "fresh").await;
    assert_full(&idem, "lapsed").await;
    make_room(&mut client).await;
    for key in ["fresh", "lapsed"] {
        call(&idem, PLAN, key, &runs).await.0.unwrap();
    }
    assert_eq!(runs.into_inner(), 3);
}

async fn so_do_they_where_it_has_lost_its_replicas(spoken: Spoken) {
    let server = Server::start(spoken.flavour());
    let mut client = server.client().await;
    let (idem, _elsewhere, runs) = one_done_and_one_running(spoken, &server).await;
    client.config_set("min-replicas-to-write", "1").await;
    assert_both_are_told(&idem, &runs).await;
    assert_refused(&idem, "fresh", "replicas").await;
    client.config_set("min-replicas-to-write", "0").await;
    call(&idem, PLAN, "fresh", &runs).await.0.unwrap();
    assert_eq!(runs.into_inner(), 2);
}

async fn leases_are_renewed_and_the_completion_lands_later(spoken: Spoken) {
    let lease = Duration::from_millis(1200);
    let server = Server::start(spoken.flavour());
    let mut client = server.client().await;
    let idem = spoken.engine(&server.url(), PATIENT).await;
    let elsewhere = spoken.engine(&server.url(), PATIENT).await;
    let (plan, key, runs) = (PLAN.lease(lease), "1", AtomicUsize::new(0));
    let body = async {
        fill(&mut client).await;
        tokio::time::sleep(2 * lease).await;
        assert!(!idem::attempt().is_cancelled());
        let (answer, _) = call(&elsewhere, PLAN, key, &runs).await;
        assert!(matches!(answer, Err(Error::InFlight { .. })), "{answer:?}");
        Ok::<_, Error>(7)
    };
    let call = Box::pin(with_outcome(idem.call(&plan, idem::key!("op:{key}"), body)));
    let (answer, outcome) = call.await;
    assert_eq!(answer.unwrap(), 7);
    assert!(matches!(outcome, Outcome::Ran { attempt: 1, stored: false, .. }), "{outcome:?}");
    make_room(&mut client).await;
    kit::wait_for("the completion to land", SOON, async || {
        let entry = idem.get(&idem::key!("op:{key}")).await.unwrap().unwrap();
        entry.state == Some(State::Completed)
    })
    .await;
    assert_replays(&elsewhere, key, 7).await;
}

/// It can't be asked what it knows while it is full: it is known by its version.
async fn a_client_that_connects_to_it_speaks_as_before(spoken: Spoken) {
    let server = Server::start(spoken.flavour());
    let mut client = server.client().await;
    let idem = spoken.engine(&server.url(), PATIENT).await;
    let runs = AtomicUsize::new(0);
    call(&idem, PLAN, "1", &runs).await.0.unwrap();
    fill(&mut client).await;
    let late = spoken.engine(&server.url(), PATIENT).await;
    assert_replays(&late, "1", 1).await;
    assert_full(&late, "2").await;
    make_room(&mut client).await;
    // What it takes back of the claim that was refused, it does in the background.
    assert_eq!(late.shutdown(SOON).await, 0);
    let before = client.command_stats().await;
    call(&late, PLAN, "2", &runs).await.0.unwrap();
    let sent = client.command_stats().await.since(&before);
    assert_eq!(sent.calls("evalsha") > 0, !matches!(spoken, Spoken::Valkey), "{sent:?}");
}
