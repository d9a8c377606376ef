//! Connections that are cut in the middle of a request or of a reply.

use std::sync::atomic::{AtomicUsize, Ordering};

use idem::{Idem, Outcome, Plan, with_outcome};
use kit::proxy::Proxy;

use crate::spoken::{PATIENT, Spoken, assert_replays, unique};

const PLAN: Plan = Plan::setnx();

/// How many bytes pass: of the first word, of the key, of the record, and all but few or all.
const BYTES: [usize; 8] = [0, 1, 4, 30, 60, 150, 260, 400];

however_spoken! {
    at_any_byte_of_a_request
    at_any_byte_of_a_reply
    all_at_once
}

async fn behind_a_proxy(spoken: Spoken) -> (Proxy, Idem) {
    let server = spoken.shared();
    let proxy = Proxy::start(server.address()).await;
    let idem = spoken.warm_engine(&server.url_by_way_of(proxy.address()), PATIENT).await;
    (proxy, idem)
}

/// A call whose claim and whose completion meet `cut`: it runs once, and is replayed.
async fn cut_twice(idem: &Idem, cut: impl Fn()) {
    let (key, runs) = (unique(), AtomicUsize::new(0));
    cut();
    let body = async {
        cut();
        Ok(runs.fetch_add(1, Ordering::Relaxed) + 1)
    };
    let call = idem.call::<usize, idem::Error, _>(&PLAN, idem::key!("op:{key}"), body);
    let (answer, outcome) = with_outcome(call).await;
    assert_eq!(answer.unwrap(), 1);
    assert!(matches!(outcome, Outcome::Ran { attempt: 1, stored: true, .. }), "{outcome:?}");
    cut();
    assert_replays(idem, &key, 1).await;
    assert_eq!(runs.into_inner(), 1);
}

async fn at_any_byte_of_a_request(spoken: Spoken) {
    let (proxy, idem) = behind_a_proxy(spoken).await;
    for bytes in BYTES {
        cut_twice(&idem, || proxy.cut_request_after(bytes)).await;
    }
}

async fn at_any_byte_of_a_reply(spoken: Spoken) {
    let (proxy, idem) = behind_a_proxy(spoken).await;
    for bytes in BYTES {
        cut_twice(&idem, || proxy.cut_reply_after(bytes)).await;
    }
}

async fn all_at_once(spoken: Spoken) {
    let (proxy, idem) = behind_a_proxy(spoken).await;
    for _ in 0..BYTES.len() {
        cut_twice(&idem, || proxy.cut_all()).await;
    }
}
