//! What people do wrong with an exploration.

use std::sync::atomic::{AtomicUsize, Ordering};

use idem::testing::explore;
use idem::{Error, Idem, idempotent};

use crate::caught;

#[idempotent(key = "ship:{order}", strategy = "setnx")]
async fn ship(order: u32) -> Result<u32, Error> {
    Ok(order)
}

#[test]
fn a_closure_that_delivers_nothing_is_told() {
    let message = caught(explore(|_| async {}));
    assert!(message.contains("the closure delivered nothing"), "{message}");
}

#[test]
fn a_handler_without_a_guarded_call_is_told() {
    let message = caught(explore(|world| async move {
        world.deliver(|| async { Ok::<_, Error>(()) }).await.unwrap();
    }));
    assert!(message.contains("made no guarded call"), "{message}");
}

#[idempotent(key = "elsewhere:{order}", strategy = "setnx", engine = idem)]
async fn elsewhere(order: u32, idem: &Idem) -> Result<u32, Error> {
    Ok(order)
}

#[test]
fn a_handler_on_an_engine_of_its_own_is_told() {
    let message = caught(explore(|world| async move {
        let idem = Idem::in_memory();
        world.deliver(|| elsewhere(1, &idem)).await.unwrap();
    }));
    assert!(message.contains("another engine than the world's"), "{message}");
}

#[tokio::test]
async fn a_handler_that_takes_its_engine_from_its_arguments_gets_the_process_own() {
    explore(|world| async move {
        world.deliver_with(|idem| async move { elsewhere(1, &idem).await }).await.unwrap();
    })
    .await;
}

#[test]
fn a_closure_that_takes_another_course_each_time_is_told() {
    static TIMES: AtomicUsize = AtomicUsize::new(0);
    let message = caught(explore(|world| async move {
        // Two messages the first time, and one ever after.
        for order in 0..=u32::from(TIMES.fetch_add(1, Ordering::Relaxed) == 0) {
            world.deliver(|| ship(order)).await.unwrap();
        }
    }));
    assert!(message.contains("another course each time"), "{message}");
}
