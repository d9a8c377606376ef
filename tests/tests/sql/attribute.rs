//! `#[idempotent(strategy = "db")]`.

use std::sync::atomic::{AtomicUsize, Ordering};

use idem::{Error, Idem, OnErr, idempotent};

use crate::database::Database;

on_every_database! {
    a_function_is_guarded
    every_option_but_on_outage_is_for_db
}

#[idempotent(key = "sum:{one}:{other}", strategy = "db", engine = idem)]
async fn sum(idem: &Idem, runs: &AtomicUsize, one: u32, other: u32) -> Result<u32, Error> {
    runs.fetch_add(1, Ordering::SeqCst);
    Ok(one + other)
}

async fn a_function_is_guarded(database: Database) {
    let (idem, runs) = (database.engine().await, AtomicUsize::new(0));
    let elsewhere = database.engine().await;
    for engine in [&idem, &elsewhere, &idem] {
        assert_eq!(sum(engine, &runs, 2, 3).await.unwrap(), 5);
    }
    assert_eq!((runs.load(Ordering::SeqCst), database.rows().await), (1, 1));
}

fn unknown(_: &Error) -> OnErr {
    OnErr::Hold
}

#[idempotent(
    key = "all:{id}",
    strategy = "db",
    ttl = "1h",
    lease = "10s",
    max_runtime = "1m",
    fingerprint(amount),
    wait = "5s",
    on_duplicate = "replay",
    on_err = unknown,
    on_cancel = "finish",
    engine = idem,
    map_err = std::convert::identity,
    codec = idem::Json
)]
async fn all(idem: Idem, id: u64, amount: u64) -> Result<u64, Error> {
    Ok(amount)
}

async fn every_option_but_on_outage_is_for_db(database: Database) {
    let idem = database.engine().await;
    assert_eq!(all(idem.clone(), 1, 5).await.unwrap(), 5);
    let other = all(idem, 1, 6).await.unwrap_err();
    assert!(matches!(other, Error::Mismatch { .. }), "{other:?}");
}

#[tokio::test]
async fn it_needs_a_database() {
    let refused = sum(&Idem::in_memory(), &AtomicUsize::new(0), 1, 1).await.unwrap_err();
    assert!(refused.to_string().contains("`db` needs a database"), "{refused}");
}
