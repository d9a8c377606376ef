//! Duplicates that wait for a call in flight.

use std::sync::Arc;
use std::time::Duration;

use idem::store::Memory;
use idem::{Error, Idem, Outcome, Plan, with_outcome};
use kit::faulty::Step;
use kit::place::Place;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::support::{
    Runs, SHORT_LEASE, SOON, ask, engine_on, faulty, is_in_flight, orphan, settle_down, two_engines,
};

const LEASE: Duration = Duration::from_secs(30);
const PATIENT: Plan = Plan::setnx().wait(Duration::from_hours(1));
const WAIT: Duration = Duration::from_secs(5);

on_every_store! {
    a_waiter_gets_what_the_owner_stores
    a_waiter_takes_over_what_has_lapsed
    another_payload_does_not_wait
    when_the_owner_fails_one_of_ten_waiters_runs
}

type Answer = (Result<usize, Error>, Outcome);

/// A waiting call of `op:1` in its own task.
fn waiting(idem: &Idem, plan: Plan, runs: &Arc<Runs>) -> JoinHandle<Answer> {
    let (idem, runs) = (idem.clone(), Arc::clone(runs));
    tokio::spawn(async move {
        let one = 1;
        let body = async {
            sleep(Duration::from_millis(5)).await;
            runs.body().await
        };
        with_outcome(idem.call(&plan, idem::key!("op:{one}"), body)).await
    })
}

/// A call of `op:1` whose body has begun, and ends as `end` says when it is told to.
async fn running(
    idem: &Idem,
    end: impl FnOnce() -> Result<usize, Error> + Send + 'static,
) -> (Arc<Notify>, JoinHandle<Answer>) {
    let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (idem, told, wait) = (idem.clone(), Arc::clone(&begun), Arc::clone(&go));
    let call = tokio::spawn(async move {
        let one = 1;
        let body = async {
            told.notify_one();
            wait.notified().await;
            end()
        };
        with_outcome(idem.call(&PATIENT, idem::key!("op:{one}"), body)).await
    });
    begun.notified().await;
    (go, call)
}

/// C24: in the owner's process and in another.
async fn a_waiter_gets_what_the_owner_stores(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    let runs = Arc::new(Runs::default());
    let (go, owner) = running(&idem, || Ok(42)).await;
    let waiters: Vec<_> = [&idem, &elsewhere, &elsewhere]
        .iter()
        .map(|engine| waiting(engine, PATIENT, &runs))
        .collect();
    sleep(Duration::from_millis(100)).await;
    go.notify_one();
    for waiter in waiters {
        let (value, outcome) = waiter.await.unwrap();
        assert_eq!(value.unwrap(), 42);
        assert!(matches!(outcome, Outcome::Waited | Outcome::Replayed { .. }), "{outcome:?}");
    }
    assert_eq!(owner.await.unwrap().0.unwrap(), 42);
    assert_eq!(runs.count(), 0);
}

async fn a_waiter_takes_over_what_has_lapsed(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    let runs = Arc::new(Runs::default());
    orphan(&idem, &SHORT_LEASE).await;
    let plan = SHORT_LEASE.wait(SOON);
    let waiters = [&idem, &elsewhere].map(|engine| waiting(engine, plan, &runs));
    for waiter in waiters {
        assert_eq!(waiter.await.unwrap().0.unwrap(), 1);
    }
    assert_eq!(runs.count(), 1);
}

/// C26, C63
async fn another_payload_does_not_wait(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    let one = 1;
    let call = |engine: &Idem, amount: u32| {
        let engine = engine.clone();
        async move {
            let key = idem::key!("op:{one}").fingerprint(&amount);
            engine.call(&PATIENT, key, async { Ok::<u32, Error>(amount) }).await
        }
    };
    let body = async {
        for engine in [&idem, &elsewhere] {
            let other = tokio::spawn(call(engine, 2));
            let answer = tokio::time::timeout(SOON, other).await.expect("at once").unwrap();
            assert!(matches!(answer, Err(Error::Mismatch { .. })), "{answer:?}");
        }
        Ok::<u32, Error>(1)
    };
    let key = idem::key!("op:{one}").fingerprint(&1_u32);
    assert_eq!(idem.call(&PATIENT, key, body).await.unwrap(), 1);
}

/// C23, H29
async fn when_the_owner_fails_one_of_ten_waiters_runs(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    let runs = Arc::new(Runs::default());
    let (go, owner) = running(&idem, || Err(Error::outage("the body's own"))).await;
    let waiters: Vec<_> = (0..10)
        .map(|at| waiting(if at % 2 == 0 { &idem } else { &elsewhere }, PATIENT, &runs))
        .collect();
    sleep(Duration::from_millis(100)).await;
    go.notify_one();
    assert!(owner.await.unwrap().0.is_err());
    for waiter in waiters {
        assert_eq!(waiter.await.unwrap().0.unwrap(), 1);
    }
    assert_eq!(runs.count(), 1);
}

/// C23
#[tokio::test(start_paused = true)]
async fn a_waiter_waits_for_its_time_and_leaves_the_owner_alone() {
    let (store, idem) = faulty().await;
    let other = engine_on(&store).await;
    let runs = Arc::new(Runs::default());
    let (go, owner) = running(&idem, || Ok(42)).await;
    for engine in [&idem, &other] {
        let began = Instant::now();
        let (answer, outcome) = waiting(engine, PATIENT.wait(WAIT), &runs).await.unwrap();
        assert!(is_in_flight(&answer), "{answer:?}");
        assert_eq!((outcome, began.elapsed()), (Outcome::Refused, WAIT));
    }
    go.notify_one();
    let (value, outcome) = owner.await.unwrap();
    assert_eq!(value.unwrap(), 42);
    assert!(matches!(outcome, Outcome::Ran { stored: true, .. }), "{outcome:?}");
    assert_eq!(runs.count(), 0);
}

/// C23a: what the leader could not store is not its followers' answer.
#[tokio::test(start_paused = true)]
async fn followers_of_a_leader_that_was_refused_get_what_is_stored() {
    let (store, idem) = faulty().await;
    let other = engine_on(&store).await;
    let runs = Arc::new(Runs::default());
    let (go, owner) = running(&idem, || Ok(42)).await;
    let followers: Vec<_> = (0..10).map(|_| waiting(&idem, PATIENT, &runs)).collect();
    settle_down().await;
    let one = 1;
    let fence = other.get(&idem::key!("op:{one}")).await.unwrap().unwrap().fence;
    assert_eq!(
        other.release(&idem::key!("op:{one}"), fence).await.unwrap(),
        idem::store::Settled::Done
    );
    assert_eq!(ask(&other, &PATIENT).await.0.unwrap(), 77);
    go.notify_one();
    let (value, outcome) = owner.await.unwrap();
    assert_eq!(value.unwrap(), 42);
    assert!(matches!(outcome, Outcome::Ran { stored: false, .. }), "{outcome:?}");
    for follower in followers {
        assert_eq!(follower.await.unwrap().0.unwrap(), 77);
    }
    assert_eq!(runs.count(), 0);
}

/// Followers hear of a result when it is stored, not when it is made.
#[tokio::test(start_paused = true)]
async fn followers_wait_for_the_store() {
    let (store, idem) = faulty().await;
    let runs = Arc::new(Runs::default());
    let (go, owner) = running(&idem, || Ok(42)).await;
    let follower = waiting(&idem, PATIENT, &runs);
    let mut storing = store.hold(Step::Complete);
    go.notify_one();
    storing.reached().await;
    settle_down().await;
    assert!(!follower.is_finished());
    storing.go();
    assert_eq!(follower.await.unwrap().0.unwrap(), 42);
    assert_eq!(owner.await.unwrap().0.unwrap(), 42);
}

/// C27: a thousand on the leader cost no command; a thousand on another process one poll.
#[tokio::test(start_paused = true)]
async fn a_thousand_waiters_are_cheap() {
    let (store, idem) = faulty().await;
    let other = engine_on(&store).await;
    let runs = Arc::new(Runs::default());
    let (go, owner) = running(&idem, || Ok(42)).await;
    let near: Vec<_> = (0..1000).map(|_| waiting(&idem, PATIENT, &runs)).collect();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(store.asked(Step::Claim), 1);
    let far: Vec<_> = (0..1000).map(|_| waiting(&other, PATIENT, &runs)).collect();
    sleep(Duration::from_secs(5)).await;
    let asked = store.asked(Step::Claim);
    sleep(Duration::from_mins(1)).await;
    let polls = store.asked(Step::Claim) - asked;
    assert!(polls < 60 * 10, "one poll for all: {polls}");
    go.notify_one();
    for waiter in near.into_iter().chain(far) {
        assert_eq!(waiter.await.unwrap().0.unwrap(), 42);
    }
    owner.await.unwrap().0.unwrap();
    assert_eq!(runs.count(), 0);
}

/// H28: whoever leaves, polling for the others or not, leaves nothing behind.
#[tokio::test(start_paused = true)]
async fn waiters_that_leave_are_not_missed() {
    let (store, idem) = faulty().await;
    let other = engine_on(&store).await;
    let runs = Arc::new(Runs::default());
    let (go, owner) = running(&idem, || Ok(42)).await;
    let mut waiters: Vec<_> = (0..10).map(|_| waiting(&other, PATIENT, &runs)).collect();
    sleep(Duration::from_secs(1)).await;
    for leaver in waiters.drain(..9) {
        leaver.abort();
        let _ = leaver.await;
        sleep(Duration::from_secs(1)).await;
    }
    go.notify_one();
    for waiter in waiters {
        assert_eq!(waiter.await.unwrap().0.unwrap(), 42);
    }
    assert_eq!(owner.await.unwrap().0.unwrap(), 42);
    assert_eq!((runs.count(), other.shutdown(Duration::ZERO).await), (0, 0));
}

/// A waiter whose poll was overtaken in its own process goes on with pauses between.
#[tokio::test(start_paused = true)]
async fn a_waiter_that_was_overtaken_does_not_spin() {
    let (store, idem) = faulty().await;
    let (second, third) = (engine_on(&store).await, engine_on(&store).await);
    let runs = Arc::new(Runs::default());
    orphan(&second, &PATIENT).await;
    let waiter = waiting(&idem, PATIENT, &runs);
    sleep(LEASE / 2).await;
    // Within one turn of this task: the lease has lapsed, a call beside the waiter takes over,
    // fails and frees the key, and a third process claims it.
    let one = 1;
    let entry = second.get(&idem::key!("op:{one}")).await.unwrap().unwrap();
    assert_eq!(
        second.release(&idem::key!("op:{one}"), entry.fence).await.unwrap(),
        idem::store::Settled::Done
    );
    let fails = async { Err::<usize, _>(Error::outage("the body's own")) };
    assert!(idem.call(&Plan::setnx(), idem::key!("op:{one}"), fails).await.is_err());
    orphan(&third, &PATIENT).await;
    let asked = store.asked(Step::Claim);
    settle_down().await;
    let polls = store.asked(Step::Claim) - asked;
    assert!(polls < 20, "no time has gone by: {polls}");
    waiter.abort();
}

/// A future that is made, polled for a while and then kept is no reason for others to wait.
#[tokio::test(start_paused = true)]
async fn a_poller_that_is_driven_no_more_keeps_nobody_waiting() {
    const PLAN: Plan = Plan::setnx();
    let memory = Arc::new(Memory::new());
    let engine = async || Idem::builder().store(Arc::clone(&memory)).build().await.unwrap();
    let (here, elsewhere) = (engine().await, engine().await);
    let plan = PLAN.wait(Duration::from_mins(1));
    let one = 1;
    let key = move || idem::key!("op:{one}");
    let body = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        Ok::<u32, Error>(7)
    };
    let never = async || -> Result<u32, Error> { panic!("it runs elsewhere") };
    let running = elsewhere.call(&PLAN, key(), body);
    let followed = async {
        let mut poller = Box::pin(here.call(&plan, key(), never()));
        assert!(tokio::time::timeout(Duration::from_secs(1), &mut poller).await.is_err());
        let follower = here.clone();
        let follower = tokio::spawn(async move { follower.call(&plan, key(), never()).await });
        let answer = tokio::time::timeout(Duration::from_secs(30), follower).await;
        drop(poller);
        answer.expect("well before its own deadline").unwrap()
    };
    let (ran, followed) = tokio::join!(running, followed);
    assert_eq!((ran.unwrap(), followed.unwrap()), (7, 7));
}
