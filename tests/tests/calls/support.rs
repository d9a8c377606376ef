//! What the modules share.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use idem::{Error, Idem, Outcome, Plan, with_outcome};
use kit::faulty::Faulty;
use kit::place::Place;

/// How long a test waits for what happens at once on an idle machine.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// A lease that a test can wait for in real time, on a plan that keeps results long.
pub(crate) const SHORT_LEASE: Plan =
    Plan::setnx().ttl(Duration::from_mins(10)).lease(Duration::from_millis(400));

/// Counts runs, and answers with their number: 1, 2, 3 …
#[derive(Debug, Default)]
pub(crate) struct Runs(AtomicUsize);

impl Runs {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    pub(crate) fn next(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// A body that counts itself.
    #[expect(clippy::unused_async, reason = "a body is a future, and counts when it is polled")]
    pub(crate) async fn body(&self) -> Result<usize, Error> {
        Ok(self.next())
    }
}

/// Two engines on one store: as two processes would have.
pub(crate) async fn two_engines(place: &Place) -> (Idem, Idem) {
    (place.engine().await, place.engine().await)
}

/// A store with faults, and an engine on it.
pub(crate) async fn faulty() -> (Faulty, Idem) {
    let store = Faulty::new();
    let idem = engine_on(&store).await;
    (store, idem)
}

pub(crate) async fn engine_on(store: &Faulty) -> Idem {
    Idem::builder().store(store.clone()).build().await.unwrap()
}

/// A call of `op:1` that must run now: how it was answered.
pub(crate) async fn ask(idem: &Idem, plan: &Plan) -> (Result<usize, Error>, Outcome) {
    let one = 1;
    with_outcome(idem.call(plan, idem::key!("op:{one}"), async { Ok(77) })).await
}

/// Calls `op:1` by a body that never ends, polls it until the body has begun, and gives it back.
pub(crate) async fn begun<F: Future>(call: F, has_begun: impl Fn() -> bool) -> Pin<Box<F>> {
    let mut call = Box::pin(call);
    kit::wait_for("the body to begin", SOON, async || {
        poll_once(&mut call).await;
        has_begun()
    })
    .await;
    call
}

/// Makes a claim on `op:1` and drops its call within the body: it is held till its lease lapses.
pub(crate) async fn orphan(idem: &Idem, plan: &Plan) {
    let runs = Runs::default();
    let one = 1;
    let body = async {
        runs.next();
        std::future::pending::<Result<usize, Error>>().await
    };
    drop(begun(idem.call(plan, idem::key!("op:{one}"), body), || runs.count() == 1).await);
}

/// Polls `call` once, which must not end it.
pub(crate) async fn poll_once<F: Future + Unpin>(call: &mut F) {
    let polled = std::future::poll_fn(|cx| Poll::Ready(Pin::new(&mut *call).poll(cx))).await;
    assert!(polled.is_pending(), "it has not ended");
}

/// Lets every task that is ready run, on a runtime of one thread.
pub(crate) async fn settle_down() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// Whether `error` says that another attempt is in flight.
pub(crate) fn is_in_flight<T>(answer: &Result<T, Error>) -> bool {
    matches!(answer, Err(Error::InFlight { .. }))
}
