//! One engine, one function per operation.

use std::time::Duration;

use idem::{Error, Idem, idempotent};
use tokio::task::JoinSet;

use crate::support::Runs;

#[idempotent(key = "twice:{id}", strategy = "setnx")]
async fn first(id: u8, runs: &Runs) -> Result<usize, Error> {
    Ok(runs.next())
}

/// A copy whose key was forgotten; its operation is the same, whatever follows it.
#[idempotent(key = "twice -> {other}", strategy = "setnx")]
async fn second(other: &str, runs: &Runs) -> Result<usize, Error> {
    Ok(runs.next())
}

const FIRST: &str = "operations.rs:10";
const SECOND: &str = "operations.rs:16";

fn names_both(answer: &Result<usize, Error>) -> bool {
    matches!(answer, Err(Error::Config { reason, .. })
        if reason.contains("`twice`") && reason.contains(FIRST) && reason.contains(SECOND))
}

#[tokio::test]
async fn a_second_function_with_the_operation_is_told_before_its_body_runs() {
    let (idem, runs) = (Idem::in_memory(), Runs::default());
    for _ in 0..2 {
        assert_eq!(idem.scope(first(1, &runs)).await.unwrap(), 1);
        let answer = idem.scope(second("x", &runs)).await;
        assert!(names_both(&answer), "{answer:?}");
    }
    assert_eq!(runs.count(), 1);
}

/// A call by hand registers nothing.
#[tokio::test]
async fn a_call_by_hand_may_share_an_operation() {
    let (idem, runs) = (Idem::in_memory(), Runs::default());
    let one = 1_u8;
    let by_hand = || idem.call(&idem::Plan::setnx(), idem::key!("twice:{one}"), runs.body());
    assert_eq!(by_hand().await.unwrap(), 1);
    assert_eq!(idem.scope(first(1, &runs)).await.unwrap(), 1);
    assert_eq!(by_hand().await.unwrap(), 1);
}

/// Each engine has a register of its own, and who came first there has the operation: however one
/// function was last called on the other engine.
#[tokio::test]
async fn two_engines_are_independent() {
    let (one, other, runs) = (Idem::in_memory(), Idem::in_memory(), Runs::default());
    assert_eq!(one.scope(first(1, &runs)).await.unwrap(), 1);
    assert_eq!(other.scope(second("x", &runs)).await.unwrap(), 2);
    for _ in 0..3 {
        assert!(names_both(&other.scope(first(1, &runs)).await));
        assert_eq!(one.scope(first(1, &runs)).await.unwrap(), 1);
        let answer = one.scope(second("x", &runs)).await;
        assert!(names_both(&answer), "{answer:?}");
        assert_eq!(other.scope(second("x", &runs)).await.unwrap(), 2);
    }
    assert_eq!(runs.count(), 2);
}

#[idempotent(key = "alternating:{id}", strategy = "setnx")]
async fn alternating(id: u8, runs: &Runs) -> Result<usize, Error> {
    Ok(runs.next())
}

/// An engine that comes after another was dropped is no old acquaintance.
#[tokio::test]
async fn one_function_alternates_between_engines() {
    let (one, other, runs) = (Idem::in_memory(), Idem::in_memory(), Runs::default());
    for _ in 0..100 {
        assert_eq!(one.scope(alternating(1, &runs)).await.unwrap(), 1);
        assert_eq!(other.scope(alternating(1, &runs)).await.unwrap(), 2);
        let short_lived = Idem::in_memory();
        assert!(short_lived.scope(alternating(1, &Runs::default())).await.is_ok());
    }
    assert_eq!(runs.count(), 2);
}

/// First calls at once, of both functions: one of them has the operation, and no body of the
/// other's runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_race_for_an_operation_has_one_winner() {
    for _ in 0..50 {
        let idem = Idem::in_memory();
        let mut calls = JoinSet::new();
        for id in 0..8 {
            let scoped = idem.clone();
            calls.spawn(async move {
                let runs = Runs::default();
                let call = async {
                    if id % 2 == 0 {
                        first(id, &runs).await
                    } else {
                        second(&id.to_string(), &runs).await
                    }
                };
                (id % 2, scoped.scope(call).await.is_ok(), runs.count())
            });
        }
        let ended = calls.join_all().await;
        let winners: Vec<_> = ended.iter().filter(|(_, won, _)| *won).map(|(of, ..)| *of).collect();
        assert_eq!(winners.len(), 4, "{ended:?}");
        assert!(winners.iter().all(|of| *of == winners[0]), "{ended:?}");
        assert!(ended.iter().all(|(_, won, runs)| *won == (*runs == 1)), "{ended:?}");
        assert_eq!(idem.shutdown(Duration::ZERO).await, 0);
    }
}
