//! `fingerprint`, `on_duplicate` and `on_err`.

use std::time::{Duration, Instant};

use idem::{Error, Idem, OnErr, idempotent};
use serde::{Deserialize, Serialize};

use crate::support::Runs;

struct To {
    iban: &'static str,
}

#[idempotent(key = "compared:{id}", strategy = "setnx", fingerprint(amount, to.iban, note.len()))]
async fn compared(id: u8, amount: u64, to: &To, note: &str, runs: &Runs) -> Result<usize, Error> {
    Ok(runs.next())
}

#[tokio::test]
async fn the_fingerprint_is_what_must_be_equal() {
    for place in crate::every_store() {
        let (idem, runs) = (place.engine().await, Runs::default());
        let (idem, runs) = (&idem, &runs);
        let call = async |amount, iban, note| {
            let to = To { iban };
            idem.scope(compared(1, amount, &to, note, runs)).await
        };
        assert_eq!(call(5, "DE1", "x").await.unwrap(), 1);
        assert_eq!(call(5, "DE1", "y").await.unwrap(), 1, "only its length is compared");
        for other in
            [call(6, "DE1", "x").await, call(5, "DE2", "x").await, call(5, "DE1", "xx").await]
        {
            assert!(
                matches!(&other, Err(Error::Mismatch { key, .. }) if key == "compared:1"),
                "{other:?}"
            );
        }
        assert_eq!(runs.count(), 1);
    }
}

#[idempotent(key = "not_compared:{id}", strategy = "setnx", fingerprint = "off")]
async fn not_compared(id: u8, amount: u64, runs: &Runs) -> Result<usize, Error> {
    let _ = amount;
    Ok(runs.next())
}

#[tokio::test]
async fn without_a_fingerprint_the_key_alone_counts() {
    let (idem, runs) = (Idem::in_memory(), Runs::default());
    for amount in [1, 2] {
        assert_eq!(idem.scope(not_compared(1, amount, &runs)).await.unwrap(), 1);
    }
}

/// An `Instant` is no serde type: none is asked for.
#[idempotent(key = "rejected:{id}", strategy = "setnx", on_duplicate = "reject")]
async fn rejected(id: u8, runs: &Runs, fails: bool) -> Result<Instant, Error> {
    runs.next();
    if fails { Err(Error::NotInstalled) } else { Ok(Instant::now()) }
}

#[tokio::test]
async fn a_duplicate_can_be_rejected() {
    for place in crate::every_store() {
        let (idem, runs) = (place.engine().await, Runs::default());
        idem.scope(rejected(1, &runs, true)).await.unwrap_err();
        idem.scope(rejected(1, &runs, false)).await.unwrap();
        let answer = idem.scope(rejected(1, &runs, false)).await;
        assert!(
            matches!(&answer, Err(Error::Duplicate { key, .. }) if key == "rejected:1"),
            "{answer:?}"
        );
        assert_eq!(runs.count(), 2);
    }
}

/// An error that can be stored, but for the guard's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Pay {
    Declined(u8),
    TimedOut,
    #[serde(skip)]
    Guard(String),
}

impl From<Error> for Pay {
    fn from(error: Error) -> Self {
        Self::Guard(error.code().to_owned())
    }
}

const DECLINED: Pay = Pay::Declined(7);

fn in_flight() -> Result<usize, Pay> {
    Err(Pay::Guard("in_flight".to_owned()))
}

/// A function of each policy: it fails by `with`, the first time.
macro_rules! on_err {
    ($($name:ident $key:literal $policy:tt)*) => {$(
        #[idempotent(key = $key, strategy = "setnx", lease = "10s", on_err = $policy)]
        async fn $name(id: u8, with: Pay, runs: &Runs) -> Result<usize, Pay> {
            if runs.next() == 1 { Err(with) } else { Ok(runs.count()) }
        }
    )*};
}

on_err! {
    released "released:{id}" "release"
    held "held:{id}" "hold"
    stored "stored:{id}" "store"
    judged "judged:{id}" judge
}

#[idempotent(key = "by_default:{id}", strategy = "setnx", lease = "10s")]
async fn by_default(id: u8, with: Pay, runs: &Runs) -> Result<usize, Pay> {
    if runs.next() == 1 { Err(with) } else { Ok(runs.count()) }
}

fn judge(error: &Pay) -> OnErr {
    match error {
        Pay::Declined(_) => OnErr::Store,
        Pay::TimedOut => OnErr::Hold,
        Pay::Guard(_) => OnErr::Release,
    }
}

/// Calls a function three times, the last time after the lease: what it answers after its error.
macro_rules! thrice {
    ($name:ident, $with:expr) => {{
        let (idem, runs) = (Idem::in_memory(), Runs::default());
        let first = idem.scope($name(1, $with, &runs)).await;
        assert_eq!(first, Err($with), "the body's own error reaches its caller");
        let second = idem.scope($name(1, $with, &runs)).await;
        tokio::time::advance(Duration::from_millis(10_001)).await;
        (second, idem.scope($name(1, $with, &runs)).await)
    }};
}

#[tokio::test(start_paused = true)]
async fn an_error_releases_holds_or_is_stored_by_its_word() {
    assert_eq!(thrice!(released, DECLINED), (Ok(2), Ok(2)));
    assert_eq!(thrice!(by_default, DECLINED), (Ok(2), Ok(2)), "the default releases");
    assert_eq!(thrice!(held, DECLINED), (in_flight(), Ok(2)));
    assert_eq!(thrice!(stored, DECLINED), (Err(DECLINED), Err(DECLINED)));
}

/// C41
#[tokio::test(start_paused = true)]
async fn a_function_judges_each_error() {
    assert_eq!(thrice!(judged, DECLINED), (Err(DECLINED), Err(DECLINED)));
    assert_eq!(thrice!(judged, Pay::TimedOut), (in_flight(), Ok(2)));
    assert_eq!(thrice!(judged, Pay::Guard("own".to_owned())), (Ok(2), Ok(2)));
}

#[tokio::test]
async fn a_stored_error_replays_on_every_store() {
    for place in crate::every_store() {
        let (idem, runs) = (place.engine().await, Runs::default());
        for _ in 0..2 {
            assert_eq!(idem.scope(stored(1, DECLINED, &runs)).await, Err(DECLINED));
        }
        let runs = Runs::default();
        for _ in 0..2 {
            assert_eq!(idem.scope(judged(1, DECLINED, &runs)).await, Err(DECLINED));
        }
    }
}
