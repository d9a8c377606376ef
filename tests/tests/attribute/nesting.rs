//! Guarded functions that call guarded functions, themselves among them.

use std::time::Duration;

use idem::{Error, Idem, idempotent};
use tokio::time::timeout;

use crate::support::{Runs, SOON};

#[idempotent(key = "countdown:{n}", strategy = "setnx")]
async fn countdown(n: u32, runs: &Runs) -> Result<u32, Error> {
    runs.next();
    if n == 0 { Ok(0) } else { Ok(1 + countdown(n - 1, runs).await?) }
}

#[tokio::test]
async fn recursion_by_another_key_runs_each_key_once() {
    let (idem, runs) = (Idem::in_memory(), Runs::default());
    assert_eq!(idem.scope(countdown(20, &runs)).await.unwrap(), 20);
    assert_eq!(runs.count(), 21);
    assert_eq!(idem.scope(countdown(20, &runs)).await.unwrap(), 20);
    assert_eq!(idem.scope(countdown(21, &runs)).await.unwrap(), 21, "the rest is stored");
    assert_eq!(runs.count(), 22);
}

#[idempotent(key = "itself:{id}", strategy = "setnx", wait = "1h")]
async fn itself(id: u8, depth: u32, runs: &Runs) -> Result<String, Error> {
    runs.next();
    let within = itself(id, depth + 1, runs).await;
    Ok(format!("{depth}: {}", within.unwrap_err().code()))
}

/// C28: refused at once, though it would wait.
#[tokio::test]
async fn recursion_by_its_own_key_is_in_flight() {
    for place in crate::every_store() {
        let (idem, runs) = (place.engine().await, Runs::default());
        let call = timeout(SOON, idem.scope(itself(1, 0, &runs)));
        assert_eq!(call.await.expect("no deadlock").unwrap(), "0: in_flight");
        assert_eq!(runs.count(), 1);
    }
}

#[idempotent(key = "inner:{id}", strategy = "setnx")]
async fn inner(id: u64, runs: &Runs) -> Result<usize, Error> {
    Ok(runs.next())
}

#[idempotent(key = "outer:{id}", strategy = "setnx")]
async fn outer(id: u64, runs: &Runs, fails: bool) -> Result<usize, Error> {
    let within = inner(id, runs).await?;
    if fails { Err(Error::NotInstalled) } else { Ok(10 * runs.next() + within) }
}

/// C50, C51: two operations never answer for each other; each has a record of its own.
#[tokio::test]
async fn nested_functions_complete_each_its_own_record() {
    for place in crate::every_store() {
        let (idem, runs) = (place.engine().await, Runs::default());
        assert!(idem.scope(outer(1, &runs, true)).await.is_err());
        assert_eq!(idem.scope(outer(1, &runs, false)).await.unwrap(), 21, "the inner one replayed");
        assert_eq!(idem.scope(inner(1, &runs)).await.unwrap(), 1);
        assert_eq!(idem.scope(outer(1, &runs, false)).await.unwrap(), 21);
        assert_eq!(runs.count(), 2);
        assert_eq!(idem.shutdown(Duration::ZERO).await, 0, "nothing is left in flight");
    }
}
