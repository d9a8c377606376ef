//! Calls that are dropped half-way: never a wedge beyond a lease, never a second run beside the
//! first.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use idem::store::State;
use idem::{Error, Idem, Outcome, Plan};
use kit::faulty::{Fault, Faulty, Step};
use kit::place::Place;
use tokio::time::{advance, sleep};

use crate::support::{
    Runs, SHORT_LEASE, SOON, ask, begun, engine_on, faulty, is_in_flight, orphan, poll_once,
    settle_down, two_engines,
};

const LEASE: Duration = Duration::from_secs(10);
const PLAN: Plan = Plan::setnx().ttl(Duration::from_mins(10)).lease(LEASE);

on_every_store! {
    dropped_in_its_body_it_holds_the_key_for_a_lease
    dropped_at_any_poll_it_wedges_nothing
}

async fn state(idem: &Idem) -> Option<State> {
    let one = 1;
    idem.get(&idem::key!("op:{one}")).await.unwrap().and_then(|entry| entry.state)
}

/// C39
#[tokio::test]
async fn dropped_before_its_first_poll_it_asks_nobody() {
    let (store, idem) = faulty().await;
    let one = 1;
    drop(idem.call(&PLAN, idem::key!("op:{one}"), async { Ok::<u32, Error>(1) }));
    settle_down().await;
    assert_eq!(store.steps(), []);
}

/// C39: a claim that was won for a caller who has left is given back.
#[tokio::test(start_paused = true)]
async fn dropped_while_claiming_it_gives_the_key_back() {
    for held in [Faulty::hold, Faulty::hold_answer] {
        let (store, idem) = faulty().await;
        let mut claiming = held(&store, Step::Claim);
        let mut call = Box::pin(ask(&idem, &PLAN));
        poll_once(&mut call).await;
        claiming.reached().await;
        drop(call);
        settle_down().await;
        assert_eq!(store.steps()[..2], [Step::Claim, Step::Release]);
        let (answer, outcome) = ask(&idem, &PLAN).await;
        assert_eq!(answer.unwrap(), 77);
        assert!(matches!(outcome, Outcome::Ran { stored: true, .. }), "{outcome:?}");
    }
}

/// C39: so is one whose renewal before the start was cut off.
#[tokio::test(start_paused = true)]
async fn dropped_while_renewing_before_the_start_it_gives_the_key_back() {
    let store = Faulty::new();
    let idem = Idem::builder().store(store.clone()).timeout(5 * LEASE).build().await.unwrap();
    let (mut claiming, mut renewing) = (store.hold_answer(Step::Claim), store.hold(Step::Renew));
    let mut call = Box::pin(ask(&idem, &PLAN));
    poll_once(&mut call).await;
    claiming.reached().await;
    advance(LEASE).await;
    claiming.go();
    poll_once(&mut call).await;
    renewing.reached().await;
    drop(call);
    settle_down().await;
    assert_eq!(store.steps(), [Step::Claim, Step::Renew, Step::Release]);
    assert_eq!(ask(&idem, &PLAN).await.0.unwrap(), 77);
}

/// C39
async fn dropped_in_its_body_it_holds_the_key_for_a_lease(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    orphan(&idem, &SHORT_LEASE).await;
    let dropped = std::time::Instant::now();
    for engine in [&idem, &elsewhere] {
        if dropped.elapsed() < Duration::from_millis(200) {
            assert!(is_in_flight(&ask(engine, &SHORT_LEASE).await.0));
        }
    }
    kit::wait_for("the lease to lapse", SOON, async || ask(&idem, &SHORT_LEASE).await.0.is_ok())
        .await;
    assert!(dropped.elapsed() > Duration::from_millis(300), "{:?}", dropped.elapsed());
}

/// C39: the completion goes on in the background, with the claim held meanwhile.
#[tokio::test(start_paused = true)]
async fn dropped_while_completing_it_completes_in_the_background() {
    for held in [Faulty::hold, Faulty::hold_answer] {
        let (store, idem) = faulty().await;
        let other = engine_on(&store).await;
        let mut completing = held(&store, Step::Complete);
        let mut call = Box::pin(ask(&idem, &PLAN));
        poll_once(&mut call).await;
        completing.reached().await;
        drop(call);
        let (answer, _) = ask(&idem, &PLAN).await;
        assert!(is_in_flight(&answer), "known here only once it is stored: {answer:?}");
        sleep(Duration::from_secs(1)).await;
        for engine in [&idem, &other] {
            let (answer, outcome) = ask(engine, &PLAN).await;
            assert_eq!(answer.unwrap(), 77);
            assert!(matches!(outcome, Outcome::Replayed { .. }), "{outcome:?}");
        }
        assert_eq!(idem.shutdown(Duration::ZERO).await, 0);
    }
}

/// C39
#[tokio::test(start_paused = true)]
async fn dropped_while_releasing_it_releases_in_the_background() {
    for held in [Faulty::hold, Faulty::hold_answer] {
        let (store, idem) = faulty().await;
        let mut releasing = held(&store, Step::Release);
        let one = 1;
        let fails = async { Err::<u32, _>(Error::outage("the body's own")) };
        let mut call = Box::pin(idem.call(&PLAN, idem::key!("op:{one}"), fails));
        poll_once(&mut call).await;
        releasing.reached().await;
        drop(call);
        sleep(Duration::from_secs(1)).await;
        assert_eq!(state(&idem).await, Some(State::Free));
        assert!(matches!(ask(&idem, &PLAN).await.1, Outcome::Ran { attempt: 2, .. }));
    }
}

/// C38, H38: the store is down when the body has ended; it is asked again for as long as the lease
/// can stand, and no longer.
#[tokio::test(start_paused = true)]
async fn a_completion_is_retried_for_as_long_as_the_lease_can_stand() {
    for (back_after, runs_again) in [(LEASE / 2, false), (2 * LEASE, true)] {
        let (store, idem) = faulty().await;
        store.always(Step::Complete, Fault::Undone);
        let (answer, outcome) = ask(&idem, &PLAN).await;
        assert_eq!(answer.unwrap(), 77, "the caller gets its value");
        assert!(matches!(outcome, Outcome::Ran { stored: false, .. }), "{outcome:?}");
        assert!(is_in_flight(&ask(&idem, &PLAN).await.0), "and nobody runs beside");
        assert_eq!(idem.shutdown(Duration::ZERO).await, 1, "what is settled is waited for");
        sleep(back_after).await;
        store.heal();
        sleep(LEASE * 2 / 5).await;
        assert_eq!(idem.shutdown(Duration::from_hours(1)).await, 0);
        let outcome = ask(&idem, &PLAN).await.1;
        assert_eq!(matches!(outcome, Outcome::Ran { attempt: 2, .. }), runs_again, "{outcome:?}");
    }
}

/// However short the lease, there is time in it for more than one try.
#[tokio::test(start_paused = true)]
async fn a_completion_is_retried_within_a_short_lease() {
    let plan = Plan::setnx().lease(Duration::from_millis(100));
    let (store, idem) = faulty().await;
    for _ in 0..3 {
        store.once(Step::Complete, Fault::Undone);
    }
    assert_eq!(ask(&idem, &plan).await.0.unwrap(), 77);
    assert_eq!(idem.shutdown(Duration::from_hours(1)).await, 0);
    let outcome = ask(&idem, &plan).await.1;
    assert!(matches!(outcome, Outcome::Replayed { .. }), "{outcome:?}");
}

/// Counts bodies that run at once.
#[derive(Debug, Default)]
struct AtOnce {
    now: AtomicUsize,
    most: AtomicUsize,
}

/// One of them, for as long as it lives.
struct Running<'a>(&'a AtOnce);

impl AtOnce {
    fn begin(&self) -> Running<'_> {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        Running(self)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::SeqCst);
    }
}

/// C39: a call cut off after each number of polls in turn, on a real store, beside another of its key:
/// after a lease the key is anybody's, and no two bodies ever ran at once.
async fn dropped_at_any_poll_it_wedges_nothing(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    let at_once = Arc::new(AtOnce::default());
    let again = SHORT_LEASE.wait(SOON);
    for polls in 1..6 {
        let body = |at_once: Arc<AtOnce>| async move {
            let _running = at_once.begin();
            for _ in 0..8 {
                tokio::task::yield_now().await;
            }
            Ok::<_, Error>(0)
        };
        let key = || idem::key!("op:{polls}");
        let (rival, counted) = (elsewhere.clone(), Arc::clone(&at_once));
        let rival = tokio::spawn(async move {
            rival.call(&again, idem::key!("op:{polls}"), body(counted)).await
        });
        let mut call = Box::pin(idem.call(&SHORT_LEASE, key(), body(Arc::clone(&at_once))));
        let mut left = polls;
        let _ = std::future::poll_fn(|cx| {
            let polled = call.as_mut().poll(cx);
            left -= 1;
            if left == 0 { std::task::Poll::Ready(None) } else { polled.map(Some) }
        })
        .await;
        drop(call);
        let answer = idem.call(&again, key(), body(Arc::clone(&at_once))).await;
        assert!(answer.is_ok(), "{polls}: {answer:?}");
        let answer = rival.await.unwrap();
        assert!(answer.is_ok(), "{polls}: {answer:?}");
    }
    assert_eq!(at_once.most.load(Ordering::SeqCst), 1);
}

/// A runtime that ends takes its calls with it, and another one is not told that they still run.
#[test]
fn a_runtime_that_ends_leaves_no_call_in_flight() {
    let store = Faulty::new();
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap()
    };
    let first = runtime();
    let idem = first.block_on(engine_on(&store));
    let completing = store.hold_answer(Step::Complete);
    let mut call = Box::pin(ask(&idem, &PLAN));
    first.block_on(poll_once(&mut call));
    drop(first);
    drop(call);
    drop(completing);
    let (answer, outcome) = runtime().block_on(ask(&idem, &PLAN));
    assert_eq!(answer.unwrap(), 77);
    assert!(matches!(outcome, Outcome::Replayed { .. }), "it was stored: {outcome:?}");
}

/// Several waiters and claimants, cut off in turn, leave the count of what is under way at zero.
#[tokio::test(start_paused = true)]
async fn calls_cut_off_anywhere_are_not_counted_any_more() {
    let (store, idem) = faulty().await;
    let runs = Runs::default();
    for step in [Step::Claim, Step::Complete] {
        let mut reached = store.hold(step);
        let mut call = Box::pin(ask(&idem, &PLAN));
        poll_once(&mut call).await;
        reached.reached().await;
        drop(call);
        sleep(2 * LEASE).await;
    }
    let two = 2;
    let body = async {
        runs.next();
        std::future::pending::<Result<u32, Error>>().await
    };
    drop(begun(idem.call(&PLAN, idem::key!("op:{two}"), body), || runs.count() == 1).await);
    assert_eq!(idem.shutdown(Duration::ZERO).await, 0);
}
