//! What a call asks of the database.

use std::fs;

use idem::{Error, Plan};
use kit::database::{Kind, Server};

use crate::database::{Database, Runs, ask, key};

const PLAN: Plan = Plan::db();

/// A server that logs each statement, and a database on it.
fn logging(kind: Kind) -> (Server, Database) {
    let server = match kind {
        Kind::Postgres => Server::start_with(kind, &[("log_statement", "all")]),
        Kind::MariaDb => {
            Server::start_with(kind, &[("general-log", "1"), ("general-log-file", "general.log")])
        }
    };
    let database = Database::at(&server);
    (server, database)
}

/// How many statements on this table clients have sent so far.
fn statements(server: &Server, database: &Database) -> usize {
    // How the log's entries begin, and those of statements that were executed.
    let (file, entries, executed): (_, &[&str], _) = match server.kind() {
        Kind::Postgres => ("log", &["LOG:", "DETAIL:"], "  execute "),
        Kind::MariaDb => ("data/general.log", &["Prepare", "Query", "Close", "Quit"], "Execute\t"),
    };
    let log = fs::read(server.folder().join(file)).unwrap();
    let log = String::from_utf8_lossy(&log);
    // Beside those of a migration, a step that began a transaction would show.
    let transactions = log.matches("COMMIT").count();
    assert!(transactions <= 1, "a statement commits by itself");
    let statements = log.split(executed).skip(1);
    let texts = statements.map(|it| {
        entries.iter().filter_map(|begin| it.find(begin)).min().map_or(it, |end| &it[..end])
    });
    texts.filter(|text| text.contains(&database.table)).count()
}

async fn a_call_is_so_many_statements(kind: Kind) {
    let (server, database) = logging(kind);
    let idem = database.engine().await;
    let mut seen = statements(&server, &database);
    let mut since = || {
        let before = std::mem::replace(&mut seen, statements(&server, &database));
        seen - before
    };
    assert_eq!(ask(&idem, &PLAN, 1).await.0.unwrap(), 77);
    assert_eq!(since(), 2, "a fresh call claims and completes");
    for _ in 0..3 {
        ask(&idem, &PLAN, 1).await.0.unwrap();
        assert_eq!(since(), 1, "a completed duplicate is one round trip");
    }

    let elsewhere = database.engine().await;
    since();
    let body = async {
        since();
        elsewhere.call(&PLAN, key(2_u64), Runs::default().body()).await.unwrap_err();
        assert_eq!(since(), 1, "so is one in flight");
        Err::<usize, _>(Error::in_flight("the body's own", crate::database::SOON))
    };
    idem.call(&PLAN, key(2_u64), body).await.unwrap_err();
    assert_eq!(since(), 1, "an error releases");
    ask(&idem, &PLAN, 2).await.0.unwrap();
    assert_eq!(since(), 3, "it finds the free record, claims over it and completes");
}

#[tokio::test]
async fn postgres() {
    a_call_is_so_many_statements(Kind::Postgres).await;
}

#[tokio::test]
async fn mariadb() {
    a_call_is_so_many_statements(Kind::MariaDb).await;
}

/// H61: a duplicate changes no row, and locks none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn duplicates_leave_no_dead_rows() {
    let database = Database::postgres();
    let idem = database.engine().await;
    let (table, plan) = (&database.table, PLAN.wait(crate::database::SOON));
    database.execute(&format!("alter table {table} set (autovacuum_enabled = off)")).await;
    database.execute("create extension if not exists pgstattuple").await;
    ask(&idem, &plan, 1).await.0.unwrap();
    let dead = format!("select dead_tuple_count from pgstattuple('{table}')");
    let touched = format!("select xmax::text::bigint from {table}");
    let before = (database.number(&dead).await, database.number(&touched).await);
    let duplicates: Vec<_> = (0..8)
        .map(|_| {
            let (idem, plan) = (idem.clone(), plan);
            tokio::spawn(async move {
                for _ in 0..250 {
                    ask(&idem, &plan, 1).await.0.unwrap();
                }
            })
        })
        .collect();
    for duplicate in duplicates {
        duplicate.await.unwrap();
    }
    let after = (database.number(&dead).await, database.number(&touched).await);
    assert_eq!(after, before);
    assert!(before.0 <= 1, "the running record's row alone is dead: {before:?}");
}
