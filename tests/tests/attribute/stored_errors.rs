//! Errors that are to be stored and can't be: held, with an event.

use std::time::Duration;

use idem::{Error, Idem, OnErr, idempotent};
use serde::{Deserialize, Serialize};
use tokio::time::advance;

use crate::seen::watch;
use crate::support::Runs;

/// No serde.
#[derive(Debug, thiserror::Error)]
enum Plain {
    #[error("declined")]
    Declined,
    #[error(transparent)]
    Guard(#[from] Error),
}

fn store_all<E>(_: &E) -> OnErr {
    OnErr::Store
}

#[idempotent(key = "plain:{id}", strategy = "setnx", lease = "10s", on_err = store_all)]
async fn plain(id: u8, runs: &Runs) -> Result<usize, Plain> {
    if runs.next() == 1 { Err(Plain::Declined) } else { Ok(runs.count()) }
}

#[test]
fn an_error_without_serde_is_held() {
    watch(async |seen| {
        let (idem, runs) = (Idem::in_memory(), Runs::default());
        let first = idem.scope(plain(1, &runs)).await;
        assert!(matches!(first, Err(Plain::Declined)), "{first:?}");
        let second = idem.scope(plain(1, &runs)).await;
        assert!(matches!(second, Err(Plain::Guard(Error::InFlight { .. }))), "{second:?}");
        assert!(seen.log().contains("the claim is held"), "{}", seen.log());
        advance(Duration::from_millis(10_001)).await;
        assert_eq!(idem.scope(plain(1, &runs)).await.unwrap(), 2);
    });
}

/// The same, but the variant of the guard's own errors is skipped.
#[derive(Debug, Serialize, Deserialize, thiserror::Error)]
enum Skipping {
    #[error("declined")]
    Declined,
    #[serde(skip)]
    #[error(transparent)]
    Guard(#[from] Error),
}

#[idempotent(key = "skipping:{id}", strategy = "setnx", lease = "10s", on_err = "store")]
async fn skipping(id: u8, by_guard: bool, runs: &Runs) -> Result<usize, Skipping> {
    if runs.next() > 1 {
        return Ok(runs.count());
    }
    Err(if by_guard { Error::NotInstalled.into() } else { Skipping::Declined })
}

#[test]
fn a_variant_that_serde_skips_is_held_and_others_are_stored() {
    watch(async |seen| {
        let (idem, runs) = (Idem::in_memory(), Runs::default());
        for _ in 0..2 {
            let answer = idem.scope(skipping(1, false, &runs)).await;
            assert!(matches!(answer, Err(Skipping::Declined)), "{answer:?}");
        }
        assert_eq!(runs.count(), 1);
        assert!(!seen.log().contains("the claim is held"), "{}", seen.log());

        let runs = Runs::default();
        let first = idem.scope(skipping(2, true, &runs)).await;
        assert!(matches!(first, Err(Skipping::Guard(Error::NotInstalled))), "{first:?}");
        let second = idem.scope(skipping(2, true, &runs)).await;
        assert!(matches!(second, Err(Skipping::Guard(Error::InFlight { .. }))), "{second:?}");
        assert!(seen.log().contains("the claim is held"), "{}", seen.log());
        advance(Duration::from_millis(10_001)).await;
        assert_eq!(idem.scope(skipping(2, true, &runs)).await.unwrap(), 2);
    });
}
