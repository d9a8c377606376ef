//! What another session holds: it is skipped, and nobody else waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use idem::Outcome;
use kit::database::Kind as Servers;
use sqlx::{AssertSqlSafe, MySqlPool, PgPool};
use tokio::sync::Semaphore;

use super::{Call, MANY, at_once, calls};
use crate::database::{Database, Kind, SOON};

on_every_server! {
    a_name_that_is_held_elsewhere_holds_up_nobody
    a_row_that_is_locked_elsewhere_holds_up_nobody
}

/// Another session of the database, in a transaction.
enum Rival {
    Postgres(sqlx::PgTransaction<'static>),
    MariaDb(sqlx::MySqlTransaction<'static>),
}

impl Rival {
    /// One that has done this, and not committed.
    async fn that_has_done(database: &Database, sql: String) -> Self {
        match database.kind {
            Kind::Server(Servers::Postgres) => {
                let pool = PgPool::connect(&database.url).await.unwrap();
                let mut rival = pool.begin().await.unwrap();
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *rival).await.unwrap();
                Self::Postgres(rival)
            }
            Kind::Server(Servers::MariaDb) => {
                let pool = MySqlPool::connect(&database.url).await.unwrap();
                let mut rival = pool.begin().await.unwrap();
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *rival).await.unwrap();
                Self::MariaDb(rival)
            }
            Kind::Sqlite { .. } => panic!("SQLite locks its file"),
        }
    }

    async fn rolls_back(self) {
        match self {
            Self::Postgres(rival) => rival.rollback().await.unwrap(),
            Self::MariaDb(rival) => rival.rollback().await.unwrap(),
        }
    }
}

/// Somebody inserts one of the names, and takes his time.
async fn a_name_that_is_held_elsewhere_holds_up_nobody(database: Database) {
    let idem = database.builder().timeout(SOON * 6).build().await.unwrap();
    idem.migrate().await.unwrap();
    let now = match database.kind {
        Kind::Server(Servers::Postgres) => "now()",
        _ => "utc_timestamp()",
    };
    let insert = format!(
        "insert into {} (name, state, owner, fence, attempts, holder, expires_at, record)
         values ('idem:op:113', 1, '', 1, 1, '', {now} + interval '1' day, '')",
        database.table
    );
    let rival = Rival::that_has_done(&database, insert).await;
    let runs = Arc::<AtomicUsize>::default();
    all_but_113_are_answered(calls(&idem, MANY, &at_once(), &runs), rival).await;
    assert_eq!(runs.load(Ordering::SeqCst), 64);
}

/// Somebody locks one of the rows while its body runs, and takes his time.
async fn a_row_that_is_locked_elsewhere_holds_up_nobody(database: Database) {
    let idem = database.builder().timeout(SOON * 6).build().await.unwrap();
    idem.migrate().await.unwrap();
    let (go, runs) = (Arc::new(Semaphore::new(0)), Arc::default());
    let calls = calls(&idem, MANY, &go, &runs);
    kit::wait_for("all to run", SOON, async || runs.load(Ordering::SeqCst) == 64).await;
    let lock = format!("select 1 from {} where name = 'idem:op:113' for update", database.table);
    let rival = Rival::that_has_done(&database, lock).await;
    go.add_permits(10_000);
    all_but_113_are_answered(calls, rival).await;
    assert_eq!(runs.load(Ordering::SeqCst), 64);
}

async fn all_but_113_are_answered(calls: Vec<Call>, rival: Rival) {
    let (held, others): (Vec<_>, Vec<_>) =
        calls.into_iter().partition(|(number, _)| *number == 113);
    for (number, call) in others {
        let (value, outcome) = tokio::time::timeout(SOON, call).await.unwrap().unwrap();
        assert_eq!(value.unwrap(), number * 3);
        assert!(matches!(outcome, Outcome::Ran { stored: true, .. }), "{outcome:?}");
    }
    let [(_, held)] = <[_; 1]>::try_from(held).unwrap();
    assert!(!held.is_finished());
    rival.rolls_back().await;
    let (value, outcome) = held.await.unwrap();
    assert_eq!(value.unwrap(), 339);
    assert!(matches!(outcome, Outcome::Ran { stored: true, .. }), "{outcome:?}");
}
