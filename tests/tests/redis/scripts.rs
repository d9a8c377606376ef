//! Scripts: on a server that forgets them, as one does that is restarted or failed over to; and as a
//! cluster asks for them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use idem::store::Settled;
use idem::{Error, Plan};
use kit::redis::Server;

use crate::spoken::{PATIENT, Spoken, abandon, assert_replays, call, lapsed, warm};

const PLAN: Plan = Plan::setnx();

however_spoken! {
    at_each_step
    at_any_moment
    every_script_has_one_key
}

async fn at_each_step(spoken: Spoken) {
    let server = Server::start(spoken.flavour());
    let mut client = server.client().await;
    let idem = spoken.engine(&server.url(), PATIENT).await;
    let runs = AtomicUsize::new(0);
    // Found, taken over, renewed, completed, looked at: by a server that knows none of it.
    abandon(&idem, PLAN.lease(Duration::from_millis(100)), "1").await;
    client.script_flush().await;
    lapsed(&idem, "1").await;
    client.script_flush().await;
    let key = 1;
    let body = async {
        client.script_flush().await;
        tokio::time::sleep(Duration::from_millis(450)).await;
        client.script_flush().await;
        Ok::<_, Error>(7)
    };
    let plan = PLAN.lease(Duration::from_millis(300));
    assert_eq!(idem.call(&plan, idem::key!("op:{key}"), body).await.unwrap(), 7);
    client.script_flush().await;
    assert_replays(&idem, "1", 7).await;
    // Released.
    let failing = async {
        client.script_flush().await;
        Err::<usize, _>(Error::in_flight("its own", Duration::ZERO))
    };
    let key = 2;
    idem.call(&PLAN, idem::key!("op:{key}"), failing).await.unwrap_err();
    client.script_flush().await;
    assert_eq!(call(&idem, PLAN, "2", &runs).await.0.unwrap(), 1);
}

async fn at_any_moment(spoken: Spoken) {
    let server = Server::start(spoken.flavour());
    let mut client = server.client().await;
    let idem = spoken.engine(&server.url(), PATIENT).await;
    let flushing = tokio::spawn(async move {
        loop {
            client.script_flush().await;
        }
    });
    let runs = Arc::new(AtomicUsize::new(0));
    let calls: Vec<_> = (0..4)
        .map(|task| {
            let (idem, runs) = (idem.clone(), Arc::clone(&runs));
            tokio::spawn(async move {
                for n in 0..50 {
                    let key = format!("{task}-{n}");
                    let first = call(&idem, PLAN, &key, &runs).await.0.unwrap();
                    assert_eq!(call(&idem, PLAN, &key, &runs).await.0.unwrap(), first);
                }
                warm(&idem).await;
            })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
    assert_eq!(Arc::into_inner(runs).unwrap().into_inner(), 200);
    flushing.abort();
}

/// H53, C111: a cluster runs a script where its one key lives, and refuses one whose keys do not live
/// together.
async fn every_script_has_one_key(spoken: Spoken) {
    let server = Server::start(spoken.flavour());
    let mut monitor = server.monitor().await;
    let idem = spoken.warm_engine(&server.url(), PATIENT).await;
    // Known by now: sent by its hash alone.
    warm(&idem).await;
    abandon(&idem, PLAN.lease(Duration::from_millis(100)), "1").await;
    lapsed(&idem, "1").await;
    call(&idem, PLAN, "1", &AtomicUsize::new(0)).await.0.unwrap();
    call(&idem, Plan::count(), "2", &AtomicUsize::new(0)).await.0.unwrap();
    for key in [1, 2] {
        let key = idem::key!("op:{key}");
        let fence = idem.get(&key).await.unwrap().expect("it has run").fence;
        assert_eq!(idem.purge(&key, fence).await.unwrap(), Settled::Done);
    }
    let seen = monitor.seen().await;
    let scripts: Vec<_> =
        seen.iter().map(|command| command.split(' ').collect::<Vec<_>>()).collect();
    let by_hash = scripts.iter().filter(|words| words[0].eq_ignore_ascii_case("evalsha"));
    let mut hashes = BTreeSet::new();
    for words in by_hash {
        assert_eq!(words[2], "1", "{words:?}");
        assert!(words[3].starts_with("idem:"), "{words:?}");
        hashes.insert(words[1]);
    }
    // Takeover, renewal, a look, a person's purge, and five for counting.
    let scripts_of_all = 9;
    let more = match spoken {
        Spoken::Valkey => 0,
        Spoken::Redis => 1,   // a completion
        Spoken::Scripts => 2, // and a claim
    };
    assert_eq!(hashes.len(), scripts_of_all + more, "{hashes:?} in {seen:#?}");
    for several in ["mset", "mget", "del", "multi", "rename"] {
        assert!(scripts.iter().all(|words| !words[0].eq_ignore_ascii_case(several)), "{several}");
    }
}
