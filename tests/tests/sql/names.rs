//! The table's name.

use idem::{Error, Plan};

use crate::database::{Database, ask};

on_every_database! {
    an_unsafe_name_is_refused
    a_name_may_be_a_keyword
}

/// C114: as SQLite has for its file itself, and for others that are attached to it.
#[tokio::test]
async fn the_main_schema_of_sqlite() {
    let database = Database::sqlite();
    let named = Database { table: format!("main.{}", database.table), ..database.clone() };
    let (idem, same) = (named.engine().await, database.engine().await);
    assert_eq!(ask(&idem, &PLAN, 1).await.0.unwrap(), 77);
    assert!(same.get(&crate::database::key(1_u64)).await.unwrap().is_some());
}

const PLAN: Plan = Plan::db();

/// C114
async fn an_unsafe_name_is_refused(database: Database) {
    for name in ["", "a b", "a;drop table b", "a\"b", "a`b", "a'b", "a.b.c", "1a", "a--", "ä"] {
        let refused = database.builder().table(name).build().await.unwrap_err();
        let Error::Config { reason, .. } = refused else { panic!("{refused:?}") };
        assert!(
            reason.contains(&format!("{name:?}")) && reason.contains("schema.name"),
            "{reason}"
        );
    }
}

async fn a_name_may_be_a_keyword(database: Database) {
    let database = Database { table: "Select".to_owned(), ..database };
    let idem = database.engine().await;
    assert_eq!(ask(&idem, &PLAN, 1).await.0.unwrap(), 77);
    assert!(idem.migrations().unwrap().contains("Select"));
}

/// C114
#[tokio::test]
async fn another_database_of_the_server() {
    let database = Database::mariadb();
    database.execute("create database if not exists shop").await;
    let named = Database { table: format!("shop.{}", database.table), ..database.clone() };
    let idem = named.engine().await;
    assert_eq!(ask(&idem, &PLAN, 1).await.0.unwrap(), 77);
    assert_eq!((named.rows().await, idem.sweep().await.unwrap()), (1, 0));
    let other = database.engine().await;
    assert!(other.get(&crate::database::key(1_u64)).await.unwrap().is_none());
}

/// C114
#[tokio::test]
async fn a_schema_of_postgres() {
    let database = Database::postgres();
    database.execute("create schema if not exists shop").await;
    let named = Database { table: format!("shop.{}", database.table), ..database.clone() };
    let idem = named.engine().await;
    assert_eq!(ask(&idem, &PLAN, 1).await.0.unwrap(), 77);
    assert_eq!(named.rows().await, 1);
    // A table of the same name elsewhere is another one.
    let other = database.engine().await;
    assert!(other.get(&crate::database::key(1_u64)).await.unwrap().is_none());
}
