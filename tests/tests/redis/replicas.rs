//! Replicas: refused at build, left when they are met later.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use idem::store::State;
use idem::{Error, OnOutage, Outcome, Plan, with_outcome};
use kit::proxy::Proxy;
use kit::redis::Server;

use crate::spoken::{SOON, Spoken, assert_replays, call};

const TIMEOUT: Duration = Duration::from_millis(800);
const PLAN: Plan = Plan::setnx();

however_spoken! {
    an_engine_is_not_built_on_a_replica
    a_primary_that_is_demoted_is_an_outage_until_it_is_promoted
    a_completion_that_meets_a_replica_lands_when_that_is_promoted
    an_address_that_follows_the_primary_is_followed
    a_failover_that_loses_the_claim_runs_again_and_keeps_one_result
}

async fn an_engine_is_not_built_on_a_replica(spoken: Spoken) {
    let primary = Server::start(spoken.flavour());
    let replica = Server::with(spoken.flavour()).replica_of(&primary).start();
    replica.client().await.wait_until_replicating().await;
    let error = match spoken.builder(&replica.url(), TIMEOUT).await {
        Ok(builder) => builder.build().await.expect_err("it is a replica"),
        Err(error) => error,
    };
    assert!(
        matches!(&error, Error::Config { reason, .. } if reason.contains("replica")),
        "{error}"
    );
}

async fn a_primary_that_is_demoted_is_an_outage_until_it_is_promoted(spoken: Spoken) {
    let (server, other) = (Server::start(spoken.flavour()), Server::start(spoken.flavour()));
    let mut client = server.client().await;
    let idem = spoken.engine(&server.url(), TIMEOUT).await;
    let runs = AtomicUsize::new(0);
    let port = other.port().to_string();
    client.run::<()>(&["REPLICAOF", "127.0.0.1", &port]).await;
    let (answer, outcome) = call(&idem, PLAN, "1", &runs).await;
    assert!(matches!(answer, Err(Error::Outage { .. })), "{answer:?}");
    assert_eq!(outcome, Outcome::Refused);
    client.run::<()>(&["REPLICAOF", "NO", "ONE"]).await;
    assert_eq!(call(&idem, PLAN, "1", &runs).await.0.unwrap(), 1);
    assert_replays(&idem, "1", 1).await;
    // Who may run unguarded may do so here: a replica has refused the claim.
    client.run::<()>(&["REPLICAOF", "127.0.0.1", &port]).await;
    let (answer, _) = call(&idem, PLAN.on_outage(OnOutage::Run), "2", &runs).await;
    assert_eq!(answer.unwrap(), 2);
}

/// What is refused has changed nothing, and is tried again while the lease can stand.
async fn a_completion_that_meets_a_replica_lands_when_that_is_promoted(spoken: Spoken) {
    let server = Server::start(spoken.flavour());
    let mut client = server.client().await;
    let idem = spoken.warm_engine(&server.url(), TIMEOUT).await;
    let runs = AtomicUsize::new(0);
    let key = "1";
    let body = async {
        // Of nobody, so that it keeps what it has.
        let nobody = kit::port::free().to_string();
        client.run::<()>(&["REPLICAOF", "127.0.0.1", &nobody]).await;
        Ok::<_, Error>(runs.fetch_add(1, Ordering::Relaxed) + 1)
    };
    let (value, outcome) = with_outcome(idem.call(&PLAN, idem::key!("op:{key}"), body)).await;
    assert_eq!(value.unwrap(), 1);
    assert!(matches!(outcome, Outcome::Ran { attempt: 1, stored: false, .. }), "{outcome:?}");
    client.run::<()>(&["REPLICAOF", "NO", "ONE"]).await;
    kit::wait_for("the completion to land", SOON, async || {
        let entry = idem.get(&idem::key!("op:{key}")).await;
        entry.is_ok_and(|entry| entry.unwrap().state == Some(State::Completed))
    })
    .await;
    // By who has not been waiting for the answer.
    let elsewhere = spoken.engine(&server.url(), TIMEOUT).await;
    assert_replays(&elsewhere, key, 1).await;
    assert_eq!(runs.into_inner(), 1);
}

async fn an_address_that_follows_the_primary_is_followed(spoken: Spoken) {
    let old = Server::start(spoken.flavour());
    let new = Server::with(spoken.flavour()).replica_of(&old).start();
    let mut replica = new.client().await;
    replica.wait_until_replicating().await;
    let proxy = Proxy::start(old.address()).await;
    let idem = spoken.engine(&old.url_by_way_of(proxy.address()), SOON).await;
    let runs = AtomicUsize::new(0);
    call(&idem, PLAN, "1", &runs).await.0.unwrap();
    kit::wait_for("the record to be copied", SOON, async || {
        !replica.keys("idem:*").await.is_empty()
    })
    .await;
    // A failover that leaves the connections to the old primary as they are.
    replica.run::<()>(&["REPLICAOF", "NO", "ONE"]).await;
    proxy.redirect(new.address());
    let port = new.port().to_string();
    old.client().await.run::<()>(&["REPLICAOF", "127.0.0.1", &port]).await;
    assert_eq!(call(&idem, PLAN, "2", &runs).await.0.unwrap(), 2);
    assert_replays(&idem, "1", 1).await;
}

/// H51: what no strategy on Redis can promise, and what is left of it: each caller has its own value,
/// and one result stands.
async fn a_failover_that_loses_the_claim_runs_again_and_keeps_one_result(spoken: Spoken) {
    let old = Server::start(spoken.flavour());
    let new = Server::with(spoken.flavour()).replica_of(&old).start();
    let mut replica = new.client().await;
    replica.wait_until_replicating().await;
    let proxy = Proxy::start(old.address()).await;
    let idem = spoken.engine(&old.url_by_way_of(proxy.address()), SOON).await;
    let (key, runs) = ("1", AtomicUsize::new(0));
    let body = async {
        // Promoted without what the primary has written since.
        proxy.redirect(new.address());
        let port = new.port().to_string();
        old.client().await.run::<()>(&["REPLICAOF", "127.0.0.1", &port]).await;
        let elsewhere = spoken.engine(&new.url(), SOON).await;
        assert_eq!(call(&elsewhere, PLAN, key, &runs).await.0.unwrap(), 1);
        Ok::<_, Error>(77)
    };
    replica.run::<()>(&["REPLICAOF", "NO", "ONE"]).await;
    let (value, outcome) = with_outcome(idem.call(&PLAN, idem::key!("op:{key}"), body)).await;
    assert_eq!(value.unwrap(), 77);
    assert!(matches!(outcome, Outcome::Ran { stored: false, .. }), "{outcome:?}");
    kit::wait_for("the primary to be followed", SOON, async || {
        call(&idem, PLAN, key, &runs).await.0.is_ok()
    })
    .await;
    assert_replays(&idem, key, 1).await;
    assert_eq!(runs.into_inner(), 1, "beside the one whose claim was lost");
}
