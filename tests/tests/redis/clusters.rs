//! Nodes of a cluster: refused at build, and no outage to run in when one is met later.

use std::fs;
use std::sync::atomic::AtomicUsize;
use std::time::Instant;

use idem::{Error, OnOutage, Outcome, Plan};
use kit::proxy::Proxy;
use kit::redis::Server;

use crate::spoken::{PATIENT, Spoken, call};

const PLAN: Plan = Plan::setnx();

however_spoken! {
    an_engine_is_not_built_on_a_node
    nothing_runs_where_a_node_sends_away
}

/// One that has no slots.
fn node(spoken: Spoken) -> Server {
    Server::with(spoken.flavour()).config("cluster-enabled", "yes").start()
}

async fn assert_not_built(spoken: Spoken, url: &str) {
    let error = match spoken.builder(url, PATIENT).await {
        Ok(builder) => builder.build().await.expect_err("it is a node"),
        Err(error) => error,
    };
    let told = matches!(&error, Error::Config { reason, .. } if reason.contains("a cluster"));
    assert!(told && error.to_string().contains("cluster-enabled no"), "{error}");
}

async fn an_engine_is_not_built_on_a_node(spoken: Spoken) {
    let server = node(spoken);
    let mut client = server.client().await;
    assert_not_built(spoken, &server.url()).await;
    // Also where only its answer tells, since INFO is hidden.
    client.run::<()>(&["ACL", "SETUSER", "app", "on", ">secret", "~*", "+@all", "-info"]).await;
    assert_not_built(spoken, &format!("redis://app:secret@{}/", server.address())).await;
    // And where it would take the claims, since the whole cluster is this one.
    client.run::<()>(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]).await;
    assert_not_built(spoken, &server.url()).await;
}

/// Makes it know of a primary that has all slots, as its replica: so it need not wait for anybody.
fn send_away(server: &mut Server) {
    server.stop();
    let (own, other) = ("a".repeat(40), "b".repeat(40));
    let nodes = format!(
        "{own} 127.0.0.1:{port}@1 myself,slave {other} 0 0 1 connected\n\
         {other} 127.0.0.1:9@2 master - 0 0 1 connected 0-16383\n\
         vars currentEpoch 1 lastVoteEpoch 0\n",
        port = server.port(),
    );
    fs::write(server.folder().join("nodes.conf"), nodes).expect("its folder is ours");
    server.start_again();
}

async fn nothing_runs_where_a_node_sends_away(spoken: Spoken) {
    let alone = Server::start(spoken.flavour());
    let mut node = node(spoken);
    let proxy = Proxy::start(alone.address()).await;
    let idem = spoken.engine(&alone.url_by_way_of(proxy.address()), PATIENT).await;
    for said in ["ClusterDown", "Moved"] {
        if said == "Moved" {
            send_away(&mut node);
        }
        proxy.redirect(node.address());
        proxy.cut_all();
        let (runs, since) = (AtomicUsize::new(0), Instant::now());
        let (answer, outcome) = call(&idem, PLAN.on_outage(OnOutage::Run), "1", &runs).await;
        let told = matches!(&answer, Err(Error::Outage { source, .. }) if format!("{source:?}").contains(said));
        assert!(told, "{answer:?}");
        assert_eq!((outcome, runs.into_inner()), (Outcome::Refused, 0));
        assert!(since.elapsed() < PATIENT / 2, "it waits for nothing: {:?}", since.elapsed());
    }
    // Back at one that stands alone.
    proxy.redirect(alone.address());
    proxy.cut_all();
    assert_eq!(call(&idem, PLAN, "1", &AtomicUsize::new(0)).await.0.unwrap(), 1);
}
