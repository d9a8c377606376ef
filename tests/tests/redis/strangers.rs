//! What is not the engine's own is neither touched nor asked for, and all of its own expires.

use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use idem::{Error, Idem, Plan};
use kit::redis::{Client, Server};

use crate::spoken::{PATIENT, SOON, Spoken, abandon, call, lapsed, warm};

const PLAN: Plan = Plan::setnx();

however_spoken! {
    every_write_carries_a_ttl
    the_keys_of_strangers_are_left_alone
    every_command_names_a_key_of_the_engine
}

async fn every_write_carries_a_ttl(spoken: Spoken) {
    let server = Server::start(spoken.flavour());
    let idem = spoken.engine(&server.url(), PATIENT).await;
    let mut client = server.client().await;
    let (plan, runs) = (PLAN.lease(Duration::from_millis(900)), AtomicUsize::new(0));
    let key = 1;
    // Claimed, and renewed.
    let body = async {
        all_expire(&mut client, 1).await;
        tokio::time::sleep(Duration::from_millis(400)).await;
        all_expire(&mut client, 1).await;
        Err::<usize, _>(Error::in_flight("its own", Duration::ZERO))
    };
    idem.call(&plan, idem::key!("op:{key}"), body).await.unwrap_err();
    // Released, claimed again, held, taken over, completed, replayed.
    all_expire(&mut client, 1).await;
    abandon(&idem, plan, "1").await;
    all_expire(&mut client, 1).await;
    lapsed(&idem, "1").await;
    all_expire(&mut client, 1).await;
    let body = async {
        all_expire(&mut client, 1).await;
        Ok::<_, Error>(7)
    };
    assert_eq!(idem.call(&plan, idem::key!("op:{key}"), body).await.unwrap(), 7);
    all_expire(&mut client, 1).await;
    assert_eq!(call(&idem, plan, "1", &runs).await.0.unwrap(), 7);
    all_expire(&mut client, 1).await;
    // And a claim that is taken back, since nobody waits for its body.
    let mut dropped = Box::pin(call(&idem, plan, "2", &runs));
    // Polled once: what it sends is on its way, and its answer most likely is not there yet.
    std::future::poll_fn(|context| {
        let _ = dropped.as_mut().poll(context);
        std::task::Poll::Ready(())
    })
    .await;
    drop(dropped);
    assert_eq!(idem.shutdown(SOON).await, 0);
    let keys = client.keys("*").await.len();
    all_expire(&mut client, keys).await;
}

async fn all_expire(client: &mut Client, keys: usize) {
    let found = client.keys("*").await;
    assert_eq!(found.len(), keys, "{found:?}");
    for key in found {
        let ttl: i64 = client.run(&["PTTL", &key]).await;
        assert!(ttl > 0, "{key}: {ttl}");
    }
}

/// All that there is to know of the keys that begin so.
async fn content(client: &mut Client, pattern: &str) -> Vec<(String, Vec<u8>, i64)> {
    let mut content = Vec::new();
    for key in client.keys(pattern).await {
        let bytes = client.run(&["DUMP", &key]).await;
        let expires = client.run(&["PEXPIRETIME", &key]).await;
        content.push((key, bytes, expires));
    }
    content
}

async fn work(idem: &Idem) {
    let runs = AtomicUsize::new(0);
    for key in ["1", "2", "1"] {
        call(idem, PLAN, key, &runs).await.0.unwrap();
    }
    warm(idem).await;
}

/// C108
async fn the_keys_of_strangers_are_left_alone(spoken: Spoken) {
    let mut server = Server::with(spoken.flavour()).config("appendonly", "yes").start();
    let mut client = server.client().await;
    // Also those that look like ours.
    let strangers = [
        "other:op:1",
        "ide",
        "idem",
        "idemo:op:1",
        "probe",
        "idem:#other",
        "shop:op:1",
        "xidem:op:1",
    ];
    for name in strangers {
        client.run::<()>(&["SET", name, "somebody's"]).await;
        client.run::<()>(&["SET", &format!("{name}!"), "till then", "PXAT", "9999999999999"]).await;
    }
    let before = content(&mut client, "*").await;
    assert_eq!(before.len(), 2 * strangers.len());

    let idem = spoken.engine(&server.url(), PATIENT).await;
    work(&idem).await;
    client.script_flush().await;
    work(&idem).await;
    server.kill();
    server.start_again();
    work(&idem).await;
    let key = 1;
    let fence = idem.get(&idem::key!("op:{key}")).await.unwrap().unwrap().fence;
    assert_eq!(
        idem.purge(&idem::key!("op:{key}"), fence).await.unwrap(),
        idem::store::Settled::Done
    );
    let builder = spoken.builder(&server.url(), PATIENT).await.unwrap();
    work(&builder.prefix("a prefix: its own").build().await.unwrap()).await;

    let mut client = server.client().await;
    let mut after = content(&mut client, "*").await;
    after.retain(|(key, ..)| !key.starts_with("idem:") || key.starts_with("idem:#"));
    after.retain(|(key, ..)| !key.starts_with("a%20prefix%3A%20its%20own:"));
    assert_eq!(before, after);
}

async fn every_command_names_a_key_of_the_engine(spoken: Spoken) {
    let server = Server::start(spoken.flavour());
    let mut monitor = server.monitor().await;
    let builder = spoken.builder(&server.url(), PATIENT).await.unwrap();
    work(&builder.prefix("shop").build().await.unwrap()).await;
    // What the server is asked at connect names no key that anybody has.
    let seen = monitor.seen().await;
    let others: Vec<_> = seen
        .iter()
        .filter(|command| !command.contains(" shop:") && !command.contains("idem:#probe"))
        .collect();
    assert!(others.is_empty(), "{others:#?}");
    assert!(seen.len() > 8, "{seen:#?}");
}
