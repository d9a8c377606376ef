//! `on_cancel`: what becomes of a body whose caller leaves.

use std::sync::Arc;
use std::time::Duration;

use idem::{Error, Idem, idempotent};
use tokio::sync::Notify;

use crate::support::{Runs, SOON, begun};

#[derive(Debug, Default)]
struct Service {
    begun: Runs,
    ended: Runs,
    go: Notify,
}

impl Service {
    async fn work(&self) -> Result<usize, Error> {
        let run = self.begun.next();
        self.go.notified().await;
        self.ended.next();
        Ok(run)
    }

    #[idempotent(key = "finished:{id}", strategy = "setnx", on_cancel = "finish", wait = "30s")]
    async fn finished(self: Arc<Self>, id: u8) -> Result<usize, Error> {
        self.work().await
    }

    #[idempotent(key = "held:{id}", strategy = "setnx", on_cancel = "hold", lease = "10s")]
    async fn held(self: Arc<Self>, id: u8) -> Result<usize, Error> {
        self.work().await
    }
}

#[tokio::test]
async fn a_body_that_finishes_goes_on_and_its_result_is_stored() {
    for place in crate::every_store() {
        let (idem, service) = (place.engine().await, Arc::new(Service::default()));
        let call = idem.scope(Arc::clone(&service).finished(1));
        drop(begun(call, || service.begun.count() == 1).await);
        service.go.notify_one();
        let elsewhere = place.engine().await;
        for engine in [&idem, &elsewhere] {
            assert_eq!(engine.scope(Arc::clone(&service).finished(1)).await.unwrap(), 1);
        }
        assert_eq!((service.begun.count(), service.ended.count()), (1, 1));
    }
}

/// A caller who stays is answered as ever.
#[tokio::test]
async fn a_caller_of_a_body_that_finishes_gets_its_value() {
    let (idem, service) = (Idem::in_memory(), Arc::new(Service::default()));
    service.go.notify_one();
    for _ in 0..2 {
        assert_eq!(idem.scope(Arc::clone(&service).finished(1)).await.unwrap(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_held_ends_with_its_caller() {
    let (idem, service) = (Idem::in_memory(), Arc::new(Service::default()));
    let call = idem.scope(Arc::clone(&service).held(1));
    drop(begun(call, || service.begun.count() == 1).await);
    service.go.notify_one();
    let answer = idem.scope(Arc::clone(&service).held(1)).await;
    assert!(matches!(answer, Err(Error::InFlight { .. })), "{answer:?}");
    assert_eq!(service.ended.count(), 0);
    tokio::time::advance(Duration::from_millis(10_001)).await;
    assert_eq!(idem.scope(Arc::clone(&service).held(1)).await.unwrap(), 2);
}

#[idempotent(key = "panics:{id}", strategy = "setnx", on_cancel = "finish", lease = "10s")]
async fn panics(id: u8, runs: Arc<Runs>) -> Result<usize, Error> {
    assert!(runs.next() > 1, "the body's own words");
    Ok(runs.count())
}

/// C32, H36
#[tokio::test(start_paused = true)]
async fn a_panic_reaches_the_caller_and_holds_the_claim() {
    let (idem, runs) = (Idem::in_memory(), Arc::new(Runs::default()));
    let call = idem.scope(panics(1, Arc::clone(&runs)));
    let panic = tokio::time::timeout(SOON, tokio::spawn(call)).await.unwrap().unwrap_err();
    assert_eq!(*panic.into_panic().downcast_ref::<&str>().unwrap(), "the body's own words");
    let answer = idem.scope(panics(1, Arc::clone(&runs))).await;
    assert!(matches!(answer, Err(Error::InFlight { .. })), "{answer:?}");
    tokio::time::advance(Duration::from_millis(10_001)).await;
    assert_eq!(idem.scope(panics(1, runs)).await.unwrap(), 2);
}
