//! Bodies that go on when their caller leaves: `on_cancel = "finish"`.

use std::sync::Arc;
use std::time::Duration;

use idem::{Attempt, Error, Idem, Json, OnOutage, Outcome, Plan, Returns, with_outcome};
use kit::faulty::{Fault, Step};
use kit::place::Place;
use tokio::sync::{Notify, oneshot};
use tokio::time::sleep;

use crate::support::{Runs, SHORT_LEASE, SOON, ask, begun, faulty, two_engines};

on_every_store! {
    the_body_goes_on_when_its_caller_leaves
}

fn returns() -> Returns<Result<usize, Error>> {
    Returns::new(Err).replay::<Json>()
}

/// A body that says that it has begun, and ends when it is told to.
struct Body {
    begun: Arc<Runs>,
    attempt: oneshot::Receiver<Attempt>,
    go: Arc<Notify>,
}

impl Body {
    fn new() -> (Self, impl Future<Output = Result<usize, Error>> + Send + 'static) {
        let (begun, go) = (Arc::new(Runs::default()), Arc::new(Notify::new()));
        let (tell, attempt) = oneshot::channel();
        let (counted, wait) = (Arc::clone(&begun), Arc::clone(&go));
        let body = async move {
            tell.send(idem::attempt()).unwrap();
            counted.next();
            wait.notified().await;
            Ok(42)
        };
        (Self { begun, attempt, go }, body)
    }
}

/// H40
async fn the_body_goes_on_when_its_caller_leaves(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    let (body, work) = Body::new();
    let one = 1;
    let call = idem.call_detached(&SHORT_LEASE, idem::key!("op:{one}"), returns(), work);
    let call = begun(call, || body.begun.count() == 1).await;
    let attempt = body.attempt.await.unwrap();
    assert!(!attempt.is_cancelled());
    drop(call);
    tokio::time::timeout(SOON, attempt.cancelled()).await.expect("told that its caller left");
    // Longer than the lease: it is renewed in the body's own task.
    sleep(Duration::from_millis(900)).await;
    assert!(ask(&elsewhere, &SHORT_LEASE).await.0.is_err());
    body.go.notify_one();
    for engine in [&idem, &elsewhere] {
        let (value, _) = ask(engine, &SHORT_LEASE.wait(SOON)).await;
        assert_eq!(value.unwrap(), 42);
    }
}

#[tokio::test]
async fn a_caller_who_stays_gets_the_value_and_the_outcome() {
    let idem = Idem::in_memory();
    for (at, ran) in [(1, true), (2, false)] {
        let one = 1;
        let work = async move { Ok(at + usize::from(idem::attempt().fence() == 1)) };
        let call = idem.call_detached(&Plan::setnx(), idem::key!("op:{one}"), returns(), work);
        let (value, outcome) = with_outcome(call).await;
        assert_eq!(value.unwrap(), 2);
        assert_eq!(matches!(outcome, Outcome::Ran { stored: true, .. }), ran, "{outcome:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_reaches_the_caller_and_holds_the_key() {
    let idem = Idem::in_memory();
    let call = {
        let idem = idem.clone();
        async move {
            let one = 1;
            let work = async { panic!("the body's own words") };
            idem.call_detached(&SHORT_LEASE, idem::key!("op:{one}"), returns(), work).await
        }
    };
    let panic = tokio::spawn(call).await.unwrap_err().into_panic();
    assert_eq!(*panic.downcast_ref::<&str>().unwrap(), "the body's own words");
    assert!(ask(&idem, &SHORT_LEASE).await.0.is_err());
    sleep(Duration::from_millis(401)).await;
    assert_eq!(ask(&idem, &SHORT_LEASE).await.0.unwrap(), 77);
    assert_eq!(idem.shutdown(Duration::ZERO).await, 0);
}

/// The body keeps the engine that its caller had in scope.
#[tokio::test]
async fn the_callers_engine_goes_with_the_body() {
    let (scoped, idem) =
        (Idem::builder().prefix("scoped").memory().build().await.unwrap(), Idem::in_memory());
    let one = 1;
    let (tell, told) = oneshot::channel();
    let work = async {
        let _ = tell.send(format!("{:?}", Idem::current().unwrap()));
        Ok(1)
    };
    let call = idem.call_detached(&Plan::setnx(), idem::key!("op:{one}"), returns(), work);
    scoped.scope(call).await.unwrap();
    assert_eq!(told.await.unwrap(), format!("{scoped:?}"));
}

/// Each body counts once for shutdown, whether its caller has left or not.
#[tokio::test(start_paused = true)]
async fn shutdown_counts_a_detached_body_once() {
    let idem = Idem::in_memory();
    let (body, work) = Body::new();
    let one = 1;
    let call = idem.call_detached(&Plan::setnx(), idem::key!("op:{one}"), returns(), work);
    let call = begun(call, || body.begun.count() == 1).await;
    assert_eq!(idem.shutdown(Duration::from_secs(1)).await, 1);
    drop(call);
    assert_eq!(idem.shutdown(Duration::from_secs(1)).await, 1);
    body.go.notify_one();
    assert_eq!(idem.shutdown(Duration::from_secs(1)).await, 0);
    assert_eq!(ask(&idem, &Plan::setnx()).await.0.unwrap(), 42);
}

/// So does one that runs unguarded; it too is told that its caller has left.
#[tokio::test(start_paused = true)]
async fn an_unguarded_body_goes_on_too() {
    let (store, idem) = faulty().await;
    store.always(Step::Claim, Fault::Unreached);
    let plan = Plan::setnx().on_outage(OnOutage::Run);
    let (body, work) = Body::new();
    let one = 1;
    let call = idem.call_detached(&plan, idem::key!("op:{one}"), returns(), work);
    let call = begun(call, || body.begun.count() == 1).await;
    let attempt = body.attempt.await.unwrap();
    drop(call);
    attempt.cancelled().await;
    assert_eq!(idem.shutdown(Duration::from_secs(1)).await, 1);
    body.go.notify_one();
    assert_eq!(idem.shutdown(Duration::from_secs(1)).await, 0);
}
