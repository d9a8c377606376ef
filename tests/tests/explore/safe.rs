//! Handlers that are safe, and pass.

use idem::testing::{Explore, explore};
use idem::{Error, idempotent};

use crate::Bank;

fn downstream_key() -> String {
    idem::attempt().downstream_key("charge")
}

#[idempotent(key = "charge:{order}", strategy = "setnx")]
async fn charge(order: u32, bank: &Bank) -> Result<u32, Error> {
    bank.charge_slowly(Some(downstream_key())).await;
    Ok(order)
}

#[tokio::test]
async fn a_charge_under_a_downstream_key_survives_everything() {
    explore(|world| async move {
        let bank = Bank::default();
        assert_eq!(world.deliver(|| charge(1, &bank)).await.unwrap(), 1);
        assert_eq!(bank.charges(), 1, "{world}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn it_runs_within_a_runtime_whose_clock_is_paused() {
    explore(|world| async move {
        let bank = Bank::default();
        world.deliver(|| charge(1, &bank)).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_runs_within_a_runtime_of_several_threads() {
    explore(|world| async move {
        let bank = Bank::default();
        world.deliver(|| charge(1, &bank)).await.unwrap();
    })
    .await;
}

#[idempotent(key = "wait:{order}", strategy = "setnx", wait = "5s")]
async fn charge_waited_for(order: u32, bank: &Bank) -> Result<u32, Error> {
    bank.charge_slowly(Some(downstream_key())).await;
    Ok(order)
}

#[tokio::test]
async fn a_handler_whose_duplicates_wait_is_answered() {
    explore(|world| async move {
        let bank = Bank::default();
        world.deliver(|| charge_waited_for(1, &bank)).await.unwrap();
        assert_eq!(bank.charges(), 1, "{world}");
    })
    .await;
}

#[idempotent(key = "detached:{order}", strategy = "setnx", on_cancel = "finish")]
async fn charge_detached(order: u32, bank: std::sync::Arc<Bank>) -> Result<u32, Error> {
    bank.charge_slowly(Some(downstream_key())).await;
    Ok(order)
}

#[tokio::test]
async fn a_handler_that_goes_on_without_its_caller_is_answered() {
    explore(|world| async move {
        let bank = std::sync::Arc::new(Bank::default());
        world.deliver(|| charge_detached(1, bank.clone())).await.unwrap();
        assert_eq!(bank.charges(), 1, "{world}");
    })
    .await;
}

#[idempotent(key = "bounded:{order}", strategy = "setnx", max_runtime = "1m")]
async fn charge_bounded(order: u32, bank: &Bank) -> Result<u32, Error> {
    bank.charge_slowly(Some(downstream_key())).await;
    Ok(order)
}

#[tokio::test]
async fn a_handler_with_a_bound_is_answered() {
    explore(|world| async move {
        let bank = Bank::default();
        world.deliver(|| charge_bounded(1, &bank)).await.unwrap();
        assert_eq!(bank.charges(), 1, "{world}");
    })
    .await;
}

#[idempotent(key = "outer:{order}", strategy = "setnx")]
async fn order(order: u32, bank: &Bank) -> Result<u32, Error> {
    charge(order, bank).await
}

#[tokio::test]
async fn a_guarded_call_within_another_is_explored_too() {
    explore(|world| async move {
        let bank = Bank::default();
        world.deliver(|| order(1, &bank)).await.unwrap();
        assert_eq!(bank.charges(), 1, "{world}");
    })
    .await;
}

#[tokio::test]
async fn several_messages_are_delivered_in_turn() {
    explore(|world| async move {
        let bank = Bank::default();
        for one in 1..=3 {
            assert_eq!(world.deliver(|| charge(one, &bank)).await.unwrap(), one);
        }
        assert_eq!(bank.charges(), 3, "{world}");
    })
    .await;
}

#[idempotent(key = "once:{order}", strategy = "setnx", lease = "10s", on_duplicate = "reject")]
async fn reject(order: u32, bank: &Bank) -> Result<u32, Error> {
    bank.charge_slowly(Some(downstream_key())).await;
    Ok(order)
}

#[tokio::test]
async fn a_handler_that_rejects_duplicates_is_answered() {
    explore(|world| async move {
        let bank = Bank::default();
        // Where the first answer got lost, the answer is that it is a duplicate.
        if let Err(error) = world.deliver(|| reject(1, &bank)).await {
            assert_eq!(error.code(), "duplicate", "{world}");
        }
        assert_eq!(bank.charges(), 1, "{world}");
    })
    .await;
}

#[idempotent(key = "counted:{order}", strategy = "count")]
async fn charge_at_most_once(order: u32, bank: &Bank) -> Result<u32, Error> {
    bank.charge_slowly(None).await;
    Ok(order)
}

/// Without a key that the bank dedupes on: rather not at all than twice.
#[tokio::test]
async fn a_counted_charge_is_never_made_twice() {
    explore(|world| async move {
        let bank = Bank::default();
        if let Err(error) = world.deliver(|| charge_at_most_once(1, &bank)).await {
            assert_eq!(error.code(), "exhausted", "{world}");
        }
        assert!(bank.charges() <= 1, "{world}");
    })
    .await;
}

#[tokio::test]
async fn the_number_of_scenarios_is_told_and_bounded() {
    let closure = |world: idem::testing::World| async move {
        let bank = Bank::default();
        world.deliver(|| charge(1, &bank)).await.unwrap();
    };
    let all = Explore::new().run(closure).await;
    assert!(all > 40, "{all}");
    assert_eq!(Explore::new().at_most(7).run(closure).await, 7);
    assert_eq!(Explore::new().at_most(all + 1).run(closure).await, all);
}
