//! Postgres and MariaDB at each isolation level that a pool may have for its default.

use std::sync::Arc;

use idem::{Error, Idem, Plan};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::sync::Barrier;

use crate::database::{Database, Runs, SOON, ask, key};

const PLAN: Plan = Plan::db();

async fn engines_on_postgres(database: &Database, level: &str) -> Vec<Idem> {
    let mut engines = Vec::new();
    for _ in 0..2 {
        let options: PgConnectOptions = database.url.parse().unwrap();
        let options = options.options([("default_transaction_isolation", level)]);
        let pool = PgPoolOptions::new().max_connections(8).connect_with(options).await.unwrap();
        let shown: (String,) =
            sqlx::query_as("show transaction_isolation").fetch_one(&pool).await.unwrap();
        assert_eq!(shown.0, level);
        let builder = Idem::builder().postgres(pool).table(&database.table).timeout(SOON);
        let idem = builder.build().await.unwrap();
        idem.migrate().await.unwrap();
        engines.push(idem);
    }
    engines
}

async fn holds_at(level: &str) {
    let engines = engines_on_postgres(&Database::postgres(), level).await;
    holds_on(&engines).await;
}

async fn holds_after(set: &'static str) {
    let database = Database::mariadb();
    holds_on(&[database.engine_after(set).await, database.engine_after(set).await]).await;
}

/// H58: serialization failures are retried where the transaction is ours; no caller sees one.
async fn holds_on(engines: &[Idem]) {
    for round in 0..5_u64 {
        let (runs, start) = (Arc::new(Runs::default()), Arc::new(Barrier::new(40)));
        let calls: Vec<_> = (0..40)
            .map(|at| {
                let (idem, runs) = (engines[at % 2].clone(), Arc::clone(&runs));
                let start = Arc::clone(&start);
                tokio::spawn(async move {
                    start.wait().await;
                    // Half of them wait, half are told at once.
                    let plan = if at % 4 < 2 { PLAN.wait(SOON) } else { PLAN };
                    idem.call(&plan, key(round), runs.body()).await
                })
            })
            .collect();
        for call in calls {
            match call.await.unwrap() {
                Ok(value) => assert_eq!(value, 1),
                Err(error) => assert!(matches!(error, Error::InFlight { .. }), "{error:?}"),
            }
        }
        assert_eq!(runs.count(), 1);
    }
    // Many fail and are taken over at once, from free records.
    let storm: Vec<_> = (0..40)
        .map(|at| {
            let idem = engines[at % 2].clone();
            tokio::spawn(async move {
                let body = async { Err::<usize, _>(Error::outage("the body's own")) };
                idem.call(&PLAN, key(100_u64), body).await.unwrap_err()
            })
        })
        .collect();
    for call in storm {
        let error = call.await.unwrap();
        let own = error.to_string().contains("the body's own");
        assert!(own || matches!(error, Error::InFlight { .. }), "{error:?}");
    }
    assert_eq!(ask(&engines[0], &PLAN, 100).await.0.unwrap(), 77);
    assert_eq!(engines[1].sweep().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mariadb_read_committed() {
    holds_after("set session transaction isolation level read committed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mariadb_repeatable_read() {
    holds_after("set session transaction isolation level repeatable read").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mariadb_serializable() {
    holds_after("set session transaction isolation level serializable").await;
}

/// As from MariaDB 11.6 on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mariadb_that_isolates_snapshots() {
    holds_after("set @nothing = 1 /*M!, session innodb_snapshot_isolation = on */").await;
}

/// Where a claim is a look and an insert.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mariadb_that_logs_statements() {
    holds_after("set session binlog_format = 'STATEMENT'").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn read_committed() {
    holds_at("read committed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repeatable_read() {
    holds_at("repeatable read").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serializable() {
    holds_at("serializable").await;
}
