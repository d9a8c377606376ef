//! Handlers that are not safe, and where they are caught.

use idem::testing::explore;
use idem::{Error, idempotent};

use crate::{Bank, caught};

#[idempotent(key = "charge:{order}", strategy = "setnx")]
async fn charge(order: u32, bank: &Bank) -> Result<u32, Error> {
    bank.charge(None);
    Ok(order)
}

#[test]
fn a_kill_between_the_effect_and_its_result_charges_twice() {
    let message = caught(explore(|world| async move {
        let bank = Bank::default();
        world.deliver(|| charge(1, &bank)).await.unwrap();
        assert_eq!(bank.charges(), 1, "{world}");
    }));
    assert!(
        message.contains(
            "delivery 1: the process is killed after the body, before its result is stored"
        ),
        "{message}"
    );
    assert!(message.contains("takeover: won, attempt 2"), "{message}");
}

#[idempotent(key = "charge_slowly:{order}", strategy = "setnx")]
async fn charge_slowly(order: u32, bank: &Bank) -> Result<u32, Error> {
    bank.charge_slowly(None).await;
    Ok(order)
}

#[test]
fn a_kill_at_an_await_after_the_effect_charges_twice() {
    let message = caught(explore(|world| async move {
        let bank = Bank::default();
        world.deliver(|| charge_slowly(1, &bank)).await.unwrap();
        assert_eq!(bank.charges(), 1, "{world}");
    }));
    assert!(message.contains("the process is killed at an await of the handler"), "{message}");
}

/// Moves the money before it asks whether it may.
async fn charge_outside(order: u32, bank: &Bank) -> Result<u32, Error> {
    #[idempotent(key = "note:{order}", strategy = "setnx")]
    async fn note(order: u32) -> Result<u32, Error> {
        Ok(order)
    }
    bank.charge(None);
    note(order).await
}

#[test]
fn an_effect_outside_of_the_guarded_function_is_caught_by_a_mere_duplicate() {
    let message = caught(explore(|world| async move {
        let bank = Bank::default();
        world.deliver(|| charge_outside(1, &bank)).await.unwrap();
        assert_eq!(bank.charges(), 1, "{world}");
    }));
    assert!(
        message.contains("nothing goes wrong; a duplicate comes after the answer"),
        "{message}"
    );
}

#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Idem(#[from] Error),
    #[error("the provider did not answer")]
    Unanswered,
}

/// The provider has charged, and its answer got lost the first time.
async fn unanswered(bank: &Bank) -> Result<u32, Failed> {
    bank.charge_slowly(None).await;
    if bank.charges() == 1 { Err(Failed::Unanswered) } else { Ok(1) }
}

#[idempotent(key = "pay:{order}", strategy = "setnx")]
async fn pay(order: u32, bank: &Bank) -> Result<u32, Failed> {
    unanswered(bank).await
}

#[test]
fn an_err_whose_effect_took_place_is_caught() {
    let message = caught(explore(|world| async move {
        let bank = Bank::default();
        let _ = world.deliver(|| pay(1, &bank)).await;
        assert_eq!(bank.charges(), 1, "{world}");
    }));
    assert!(message.contains("answers Err of attempt 1"), "{message}");
}

/// Checks, and then does: safe for one call at a time.
async fn topped_up(bank: &Bank) {
    if bank.charges() == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        bank.charge(None);
    }
}

#[idempotent(key = "top_up:{order}", strategy = "setnx", lease = "1s")]
async fn top_up(order: u32, bank: &Bank) -> Result<u32, Error> {
    topped_up(bank).await;
    Ok(order)
}

#[test]
fn a_paused_owner_that_goes_on_is_caught() {
    let message = caught(explore(|world| async move {
        let bank = Bank::default();
        world.deliver(|| top_up(1, &bank)).await.unwrap();
        assert_eq!(bank.charges(), 1, "{world}");
    }));
    assert!(message.contains("paused for longer than its lease"), "{message}");
    assert!(message.contains("process A goes on"), "{message}");
}
