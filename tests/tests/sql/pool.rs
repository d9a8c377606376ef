//! The pool is the caller's: a step takes one connection, for the time of a statement.

use std::sync::Arc;
use std::time::{Duration, Instant};

use idem::{Builder, Error, Idem, Plan};
use sqlx::Pool;
use sqlx::mysql::MySqlPoolOptions;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::SqlitePoolOptions;
use tokio::sync::Barrier;

use crate::database::{Database, Runs, ask, key};

on_every_database! {
    fifty_duplicates_on_five_connections_are_answered
    one_connection_is_enough
}

const PLAN: Plan = Plan::db();

/// A pool of 5 with 50 duplicates: no step waits for a connection while it holds one.
async fn fifty_duplicates_on_five_connections_are_answered(database: Database) {
    database.engine().await;
    let idem = database.builder_with(5).build().await.unwrap();
    let (runs, start) = (Arc::new(Runs::default()), Arc::new(Barrier::new(50)));
    let calls: Vec<_> = (0..50)
        .map(|_| {
            let (idem, runs, start) = (idem.clone(), Arc::clone(&runs), Arc::clone(&start));
            tokio::spawn(async move {
                let plan = PLAN.wait(crate::database::SOON);
                start.wait().await;
                idem.call(&plan, key(1_u64), runs.body()).await
            })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap(), 1);
    }
    assert_eq!(runs.count(), 1);
}

async fn one_connection_is_enough(database: Database) {
    database.engine().await;
    let idem = database.builder_with(1).build().await.unwrap();
    let calls: Vec<_> = (0..20_u64)
        .map(|number| {
            let idem = idem.clone();
            tokio::spawn(async move { ask(&idem, &PLAN, number / 2).await.0 })
        })
        .collect();
    for call in calls {
        match call.await.unwrap() {
            Ok(value) => assert_eq!(value, 77),
            Err(error) => assert!(matches!(error, Error::InFlight { .. }), "{error:?}"),
        }
    }
    assert_eq!(database.rows().await, 10);
}

/// A pool whose connections are all in use is an outage, in the step's time: not in the pool's.
async fn exhausted<DB: sqlx::Database>(pool: Pool<DB>, builder: Builder, table: &str) {
    let builder = builder.table(table).sweep_every(Duration::ZERO);
    let idem = builder.timeout(Duration::from_millis(300)).build().await.unwrap();
    let held = [pool.acquire().await.unwrap(), pool.acquire().await.unwrap()];
    let (asked, runs) = (Instant::now(), Runs::default());
    let answer = idem.call(&PLAN, key(1_u64), runs.body()).await;
    // Not for the half minute that the pool would wait.
    assert!(asked.elapsed() < Duration::from_secs(15), "{:?}", asked.elapsed());
    let Err(error @ Error::Outage { .. }) = answer else { panic!("{answer:?}") };
    assert!(error.to_string().contains("all 2 connections are in use"), "{error}");
    assert_eq!(runs.count(), 0);
    drop(held);
    assert_eq!(idem.call(&PLAN, key(1_u64), runs.body()).await.unwrap(), 1);
}

#[tokio::test]
async fn an_exhausted_pool_of_postgres_is_an_outage() {
    let database = Database::postgres();
    database.engine().await;
    let pool = PgPoolOptions::new().max_connections(2).connect(&database.url).await.unwrap();
    exhausted(pool.clone(), Idem::builder().postgres(pool), &database.table).await;
}

#[tokio::test]
async fn an_exhausted_pool_of_mariadb_is_an_outage() {
    let database = Database::mariadb();
    database.engine().await;
    let pool = MySqlPoolOptions::new().max_connections(2).connect(&database.url).await.unwrap();
    exhausted(pool.clone(), Idem::builder().mysql(pool), &database.table).await;
}

#[tokio::test]
async fn an_exhausted_pool_of_sqlite_is_an_outage() {
    let database = Database::sqlite();
    database.engine().await;
    let pool = SqlitePoolOptions::new().max_connections(2).connect(&database.url).await.unwrap();
    exhausted(pool.clone(), Idem::builder().sqlite(pool), &database.table).await;
}
