//! Values that are none of the library's under its names, and records that lost their TTL.

use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use idem::{Error, Outcome, Plan};

use crate::spoken::{PATIENT, Spoken, abandon, assert_replays, call, unique};

const PLAN: Plan = Plan::setnx();

however_spoken! {
    a_foreign_value_is_unreadable_and_stays_as_it_is
    a_value_that_is_put_there_during_the_body_stays_as_it_is
    a_running_record_without_a_ttl_is_owned_and_gets_its_retention_back
    a_completed_record_without_a_ttl_replays
}

async fn a_foreign_value_is_unreadable_and_stays_as_it_is(spoken: Spoken) {
    let server = spoken.shared();
    let mut client = server.client().await;
    let idem = spoken.engine(&server.url(), PATIENT).await;
    let runs = AtomicUsize::new(0);
    let writes: [&[&str]; 6] = [
        &["SET", "", "somebody's"],
        &["RPUSH", "", "one", "two"],
        &["HSET", "", "field", "value"],
        &["ZADD", "", "1", "member"],
        &["XADD", "", "*", "field", "value"],
        &["SET", "", ""],
    ];
    for (write, expires) in writes.iter().flat_map(|write| [(write, false), (write, true)]) {
        let key = unique();
        let name = format!("idem:op:{key}");
        let words: Vec<_> =
            write.iter().enumerate().map(|(n, w)| if n == 1 { &*name } else { w }).collect();
        client.run::<::redis::Value>(&words).await;
        if expires {
            client.run::<()>(&["PEXPIREAT", &name, "9999999999999"]).await;
        }
        let before: (Vec<u8>, i64) =
            (client.run(&["DUMP", &name]).await, client.run(&["PEXPIRETIME", &name]).await);
        for plan in [PLAN, PLAN.wait(Duration::from_secs(5))] {
            let (answer, outcome) = call(&idem, plan, &key, &runs).await;
            assert!(matches!(answer, Err(Error::Unreadable { .. })), "{words:?}: {answer:?}");
            assert_eq!(outcome, Outcome::Refused);
        }
        let entry = idem.get(&idem::key!("op:{key}")).await.unwrap().unwrap();
        assert_eq!(entry.state, None, "{words:?}");
        let after: (Vec<u8>, i64) =
            (client.run(&["DUMP", &name]).await, client.run(&["PEXPIRETIME", &name]).await);
        assert_eq!(before, after, "{words:?}");
    }
    assert_eq!(runs.into_inner(), 0);
}

async fn a_value_that_is_put_there_during_the_body_stays_as_it_is(spoken: Spoken) {
    let server = spoken.shared();
    let mut client = server.client().await;
    let idem = spoken.engine(&server.url(), PATIENT).await;
    for write in [&["SET", "", "theirs"][..], &["RPUSH", "", "theirs"]] {
        let key = unique();
        let name = format!("idem:op:{key}");
        let body = async {
            client.run::<()>(&["DEL", &name]).await;
            client.run::<::redis::Value>(&[write[0], &name, write[2]]).await;
            // The next renewal finds it, and the body is told long before its lease is over.
            let since = std::time::Instant::now();
            idem::attempt().cancelled().await;
            assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
            Ok::<_, Error>(7)
        };
        let plan = PLAN.lease(Duration::from_secs(6));
        let call = idem::with_outcome(idem.call(&plan, idem::key!("op:{key}"), body));
        let (answer, outcome) = Box::pin(call).await;
        assert_eq!(answer.unwrap(), 7);
        assert!(matches!(outcome, Outcome::Ran { stored: false, .. }), "{outcome:?}");
        // Nothing is tried any more: there is nothing left to settle.
        assert_eq!(idem.shutdown(crate::spoken::SOON).await, 0);
        assert_eq!(client.run::<i64>(&["PTTL", &name]).await, -1);
        assert_ne!(client.run::<String>(&["TYPE", &name]).await, "none");
    }
}

async fn a_running_record_without_a_ttl_is_owned_and_gets_its_retention_back(spoken: Spoken) {
    let server = spoken.shared();
    let mut client = server.client().await;
    let idem = spoken.engine(&server.url(), PATIENT).await;
    let elsewhere = spoken.engine(&server.url(), PATIENT).await;
    let (key, runs) = (unique(), AtomicUsize::new(0));
    let name = format!("idem:op:{key}");
    let plan = PLAN.ttl(Duration::from_secs(100)).lease(Duration::from_millis(200));
    abandon(&elsewhere, plan, &key).await;
    client.run::<()>(&["PERSIST", &name]).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (answer, _) = call(&idem, PLAN, &key, &runs).await;
    assert!(matches!(answer, Err(Error::InFlight { .. })), "{answer:?}");
    let ttl: i64 = client.run(&["PTTL", &name]).await;
    assert!((1..=100_000).contains(&ttl), "{ttl}");
    // From then on its lease can lapse.
    let (answer, outcome) = call(&idem, PLAN.wait(PATIENT), &key, &runs).await;
    assert_eq!(answer.unwrap(), 1);
    assert!(matches!(outcome, Outcome::Ran { attempt: 2, stored: true, .. }), "{outcome:?}");
}

async fn a_completed_record_without_a_ttl_replays(spoken: Spoken) {
    let server = spoken.shared();
    let mut client = server.client().await;
    let idem = spoken.engine(&server.url(), PATIENT).await;
    let (key, runs) = (unique(), AtomicUsize::new(0));
    call(&idem, PLAN, &key, &runs).await.0.unwrap();
    client.run::<()>(&["PERSIST", &format!("idem:op:{key}")]).await;
    assert_replays(&idem, &key, 1).await;
}
