//! How the table comes to be.

use std::sync::Arc;

use idem::{Error, Plan};
use tokio::sync::Barrier;

use crate::database::{Database, ask};

on_every_database! {
    twenty_at_once_make_one_table
    migrating_again_keeps_what_is_there
    the_printed_text_makes_the_table
    without_the_table_a_call_says_what_to_do
}

const PLAN: Plan = Plan::db();

/// C114: as twenty processes that start at once would.
async fn twenty_at_once_make_one_table(database: Database) {
    let start = Arc::new(Barrier::new(20));
    let engines: Vec<_> = (0..20)
        .map(|number| {
            let (database, start) = (database.clone(), Arc::clone(&start));
            tokio::spawn(async move {
                let idem = database.builder_with(2).build().await.unwrap();
                start.wait().await;
                idem.migrate().await.unwrap();
                ask(&idem, &PLAN, number).await.0.unwrap()
            })
        })
        .collect();
    for engine in engines {
        assert_eq!(engine.await.unwrap(), 77);
    }
    assert_eq!(database.rows().await, 20);
    let versions = format!("select count(*) from {}_migrations", database.table);
    let distinct = format!("select count(distinct version) from {}_migrations", database.table);
    assert_eq!(database.number(&versions).await, database.number(&distinct).await);
}

async fn migrating_again_keeps_what_is_there(database: Database) {
    let idem = database.engine().await;
    ask(&idem, &PLAN, 1).await.0.unwrap();
    idem.migrate().await.unwrap();
    let idem = database.engine().await;
    let (_, outcome) = ask(&idem, &PLAN, 1).await;
    assert!(matches!(outcome, idem::Outcome::Replayed { .. }), "{outcome:?}");
}

/// For people who run their own migrations; twice, as a tool that lost its answer would.
async fn the_printed_text_makes_the_table(database: Database) {
    let idem = database.builder().build().await.unwrap();
    let text = idem.migrations().unwrap();
    database.execute(&text).await;
    database.execute(&text).await;
    assert_eq!(ask(&idem, &PLAN, 1).await.0.unwrap(), 77);
    idem.migrate().await.unwrap();
    assert_eq!(database.rows().await, 1);
}

async fn without_the_table_a_call_says_what_to_do(database: Database) {
    let idem = database.builder().build().await.unwrap();
    let error = ask(&idem, &PLAN, 1).await.0.unwrap_err();
    assert!(matches!(error, Error::Outage { .. }), "{error:?}");
    assert!(error.to_string().contains("idem.migrate()"), "{error}");
}

/// A service that may not make tables starts all the same, where they are there.
#[tokio::test]
async fn a_role_without_rights_migrates_nothing() {
    let database = Database::postgres();
    database.engine().await;
    let table = &database.table;
    let role = format!("clerk_of_{table}");
    let rights = format!(
        "create role {role} login; grant select, insert, update, delete on {table} to {role}; \
         grant select on {table}_migrations to {role}; revoke create on schema public from public"
    );
    database.execute(&rights).await;
    let clerk = database.as_role(&role);
    let idem = clerk.engine().await;
    assert_eq!(ask(&idem, &PLAN, 1).await.0.unwrap(), 77);
    // Where they are not, it is told.
    let fresh = Database { table: format!("{table}_fresh"), ..clerk };
    let refused = fresh.builder().build().await.unwrap().migrate().await.unwrap_err();
    assert!(refused.to_string().contains("permission denied"), "{refused}");
}
