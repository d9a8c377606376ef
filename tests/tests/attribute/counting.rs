//! `strategy = "count"` and its `limit`.

use idem::{Error, Idem, OnErr, idempotent};

use crate::support::Runs;

#[idempotent(key = "once:{id}", strategy = "count", lease = "100ms")]
async fn once(id: u8, runs: &Runs, fails: bool) -> Result<usize, Error> {
    let run = runs.next();
    if fails { Err(Error::NotInstalled) } else { Ok(run) }
}

#[idempotent(key = "twice:{id}", strategy = "count", limit = 2, lease = "100ms", wait = "20s")]
async fn twice(id: u8, runs: &Runs) -> Result<usize, Error> {
    runs.next();
    Err(Error::NotInstalled)
}

fn judge(error: &Error) -> OnErr {
    match error {
        Error::NotInstalled => OnErr::Release,
        _ => OnErr::Hold,
    }
}

#[idempotent(key = "judged:{id}", strategy = "count", on_err = judge, on_duplicate = "reject")]
async fn judged(id: u8, runs: &Runs, fails: bool) -> Result<std::time::Instant, Error> {
    runs.next();
    if fails { Err(Error::NotInstalled) } else { Ok(std::time::Instant::now()) }
}

#[tokio::test]
async fn one_attempt_is_the_default_and_an_err_is_spent() {
    for place in crate::every_store() {
        let (idem, runs) = (place.engine().await, Runs::default());
        let (idem, runs) = (&idem, &runs);
        let call = async |id, fails| idem.scope(once(id, runs, fails)).await;
        assert_eq!(call(1, false).await.unwrap(), 1);
        assert_eq!(call(1, true).await.unwrap(), 1, "replayed");
        assert!(matches!(call(2, true).await, Err(Error::NotInstalled)));
        kit::wait_for("the lease to lapse", crate::support::SOON, async || {
            !matches!(call(2, false).await, Err(Error::InFlight { .. }))
        })
        .await;
        let spent = call(2, false).await.unwrap_err();
        let told = "`once:2` has no attempt left: of 1 in this window none has a result";
        assert_eq!(spent.to_string(), told);
        assert_eq!((spent.code(), spent.http_status()), ("exhausted", 409));
        assert!(!spent.is_retryable());
        assert_eq!(runs.count(), 2);
    }
}

#[tokio::test]
async fn a_limit_is_how_many_attempts_there_are() {
    for place in crate::every_store() {
        let (idem, runs) = (place.engine().await, Runs::default());
        for _ in 0..2 {
            let answer = idem.scope(twice(1, &runs)).await;
            assert!(matches!(answer, Err(Error::NotInstalled)), "{answer:?}");
        }
        let answer = idem.scope(twice(1, &runs)).await;
        assert!(matches!(answer, Err(Error::Exhausted { limit: 2, .. })), "{answer:?}");
        assert_eq!(runs.count(), 2);
    }
}

#[tokio::test]
async fn the_other_options_are_as_everywhere() {
    let (idem, runs) = (Idem::in_memory(), Runs::default());
    for _ in 0..3 {
        let answer = idem.scope(judged(1, &runs, true)).await;
        assert!(matches!(answer, Err(Error::NotInstalled)), "{answer:?}");
    }
    idem.scope(judged(1, &runs, false)).await.unwrap();
    let answer = idem.scope(judged(1, &runs, false)).await;
    assert!(matches!(answer, Err(Error::Duplicate { .. })), "{answer:?}");
    assert_eq!(runs.count(), 4);
}
