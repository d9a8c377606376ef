//! A server that may evict a claim runs a body twice: it is refused, unless somebody wants it.

use std::sync::atomic::AtomicUsize;

use idem::{Error, Idem, Plan};
use kit::redis::{Flavour, Server};

use crate::spoken::call;

const POLICIES: [&str; 7] = [
    "volatile-lru",
    "volatile-lfu",
    "volatile-random",
    "volatile-ttl",
    "allkeys-lru",
    "allkeys-lfu",
    "allkeys-random",
];

/// H52
#[tokio::test]
async fn every_policy_but_one_is_refused() {
    for flavour in Flavour::ALL {
        let server = Server::start(flavour);
        let mut client = server.client().await;
        for policy in POLICIES {
            client.config_set("maxmemory-policy", policy).await;
            let error = Idem::builder().redis(server.url()).build().await.expect_err(policy);
            let told = matches!(&error, Error::Config { reason, .. }
                if reason.contains(policy) && reason.contains("accept_eviction"));
            assert!(told, "{policy}: {error:?}");
            let accepting = Idem::builder().redis(server.url()).accept_eviction();
            let idem = accepting.build().await.unwrap();
            let runs = AtomicUsize::new(0);
            call(&idem, Plan::setnx(), policy, &runs).await.0.unwrap();
        }
        client.config_set("maxmemory-policy", "noeviction").await;
        Idem::builder().redis(server.url()).build().await.unwrap();
    }
}
