//! An engine that is shut down while its store is away, or has all hands full.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use idem::{Error, Idem, Outcome, Plan, with_outcome};
use kit::worker::Gate;
use tokio::task::JoinSet;

use crate::stores::{Store, on_every_store};
use crate::{SOON, TURNS};

on_every_store! {
    it_ends_when_all_is_stored
}

mod across_a_network {
    use super::what_is_not_stored_yet_is_when_the_store_is_back;

    crate::stores::on_every_server! {
        what_is_not_stored_yet_is_when_the_store_is_back
    }
}

const CALLS: u32 = 200;
/// So soon a record has expired that is there to be swept.
const MOMENT: Duration = Duration::from_millis(20);
/// So long a step has on a store that is away.
const AWAY: Duration = Duration::from_secs(1);

type Answers = JoinSet<(u32, Result<u32, Error>, Outcome)>;

/// An engine, and calls of it.
#[derive(Clone)]
struct Shop {
    idem: Idem,
    plan: Plan,
    begun: Arc<AtomicU32>,
    gate: Gate,
}

impl Shop {
    async fn open(store: Store, url: &str, timeout: Duration) -> Self {
        let builder = Idem::builder().prefix("ending").timeout(timeout);
        let (builder, plan) = match store {
            Store::Redis | Store::Valkey => (builder.redis(url), Plan::setnx()),
            _ => (builder.database(url).sweep_every(Duration::from_millis(1)), Plan::db()),
        };
        let idem = builder.build().await.expect("the store answers");
        if !matches!(store, Store::Redis | Store::Valkey) {
            idem.migrate().await.expect("it makes the table");
        }
        Self { idem, plan, begun: Arc::default(), gate: Gate::default() }
    }

    /// Calls with these numbers, each with a key of its own; all that run wait for the gate.
    fn calls(&self, plan: Plan, numbers: std::ops::Range<u32>) -> Answers {
        let mut calls = JoinSet::new();
        for number in numbers {
            let shop = self.clone();
            calls.spawn(async move {
                let body = async {
                    shop.begun.fetch_add(1, Ordering::SeqCst);
                    shop.gate.opened().await;
                    Ok(number)
                };
                let call = shop.idem.call(&plan, idem::key!("op:{number}"), body);
                let (answer, outcome) = with_outcome(call).await;
                (number, answer, outcome)
            });
        }
        calls
    }

    async fn begun(&self, number: u32) {
        kit::wait_for("bodies to begin", SOON, async || {
            self.begun.load(Ordering::SeqCst) >= number
        })
        .await;
    }

    /// Shuts it down twice, as two signals do: how many were left.
    async fn end(&self) -> [usize; 2] {
        let (one, other) = tokio::join!(self.idem.shutdown(SOON), self.idem.shutdown(SOON));
        [one, other]
    }
}

/// The results are there for everybody, and no body runs again.
async fn judge(store: Store, url: &str) {
    let shop = Shop::open(store, url, SOON).await;
    shop.gate.open();
    for (number, answer, outcome) in shop.calls(shop.plan, 0..CALLS).join_all().await {
        assert_eq!(answer.expect("a result"), number);
        assert!(matches!(outcome, Outcome::Replayed { .. }), "{number}: {outcome:?}");
    }
    assert_eq!(shop.begun.load(Ordering::SeqCst), 0);
}

/// Beside sweeps that have much to do, and batches.
async fn it_ends_when_all_is_stored(store: Store) {
    let _turn = TURNS.acquire().await;
    let own = store.own();
    let shop = Shop::open(store, &own.url(), SOON).await;
    let expiring = shop.plan.ttl(MOMENT).lease(MOMENT / 2);
    let mut others = shop.calls(expiring, CALLS..2 * CALLS);
    let mut calls = shop.calls(shop.plan, 0..CALLS);
    shop.begun(CALLS / 2).await;
    let ending = tokio::spawn({
        let shop = shop.clone();
        async move { shop.end().await }
    });
    shop.gate.open();
    while let Some(call) = calls.join_next().await {
        let (number, answer, outcome) = call.expect("it ends");
        assert_eq!(answer.expect("a result"), number);
        assert!(matches!(outcome, Outcome::Ran { stored: true, .. }), "{number}: {outcome:?}");
    }
    while others.join_next().await.is_some() {}
    assert_eq!(ending.await.expect("it ends"), [0, 0]);
    judge(store, &own.url()).await;
}

async fn what_is_not_stored_yet_is_when_the_store_is_back(store: Store) {
    let _turn = TURNS.acquire().await;
    let mut own = store.own();
    let shop = Shop::open(store, &own.url(), AWAY).await;
    let mut calls = shop.calls(shop.plan, 0..CALLS);
    shop.begun(CALLS).await;
    own.kill();
    shop.gate.open();
    let ending = tokio::spawn({
        let shop = shop.clone();
        async move { shop.end().await }
    });
    // Each caller has his value, and is told that it is not stored.
    while let Some(call) = calls.join_next().await {
        let (number, answer, outcome) = call.expect("it ends");
        assert_eq!(answer.expect("its own"), number);
        assert!(matches!(outcome, Outcome::Ran { stored: false, .. }), "{number}: {outcome:?}");
    }
    assert!(!ending.is_finished(), "there is something to be stored");
    own.start_again();
    assert_eq!(ending.await.expect("it ends"), [0, 0]);
    judge(store, &own.url()).await;
}
