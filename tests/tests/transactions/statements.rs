//! What a call asks of the database.

use std::fs;

use idem::Error;
use kit::database::{Kind, Server};
use sqlx::{Postgres, Row as _};

use crate::bank::{self, Bank, Driver, PLAN, Then, key};

/// The first words of the statements that the log of a server has, each with what it is about.
fn statements(server: &Server, after: &str) -> Vec<String> {
    let file = if server.kind() == Kind::Postgres { "log" } else { "data/general.log" };
    let log = fs::read(server.folder().join(file)).unwrap();
    let log = String::from_utf8_lossy(&log);
    let log = log.rsplit(after).next().unwrap();
    let begins = ["statement: ", "execute sqlx_s_", "\tQuery\t", " Query\t", "Execute\t"];
    let lines = log.lines().filter_map(|line| {
        let statement = begins.iter().find_map(|begin| line.split_once(begin))?.1;
        let statement = statement.split_once(": ").map_or(statement, |(_, text)| text);
        Some(statement.split_whitespace().take(2).collect::<Vec<_>>().join(" ").to_lowercase())
    });
    lines.collect()
}

async fn asked<DB: Driver>(bank: Bank<DB>, server: &Server) -> [Vec<String>; 3] {
    let idem = bank.engine().await;
    let mut seen = 0;
    let mut since = async |tx: &mut sqlx::Transaction<'_, DB>| {
        seen += 1;
        // What is queued is sent with it.
        DB::execute(tx, format!("select {seen} as mark")).await.unwrap();
        let mut all = statements(server, &format!("select {} as mark", seen - 1));
        all.retain(|statement| !statement.starts_with(&format!("select {seen}")));
        all
    };
    let mut tx = bank.begin().await;
    bank.pay(&idem, &mut tx, 0, 0).await.0.unwrap();
    bank.pay(&idem, &mut tx, 0, 0).await.0.unwrap();
    since(&mut tx).await;
    bank.pay(&idem, &mut tx, 1, 10).await.0.unwrap();
    let fresh = since(&mut tx).await;
    bank.pay(&idem, &mut tx, 1, 11).await.0.unwrap();
    let duplicate = since(&mut tx).await;
    let failed = DB::call(&idem, &mut tx, &PLAN, key(2), bank.then(10, Then::Fail)).await;
    failed.0.unwrap_err();
    let failed = since(&mut tx).await;
    let empty = "";
    let key = idem::key!("pay:{empty}");
    let refused = DB::call(&idem, &mut tx, &PLAN, key, bank.body(10)).await;
    assert!(matches!(refused.0, Err(Error::InvalidKey { .. })), "{refused:?}");
    assert_eq!(since(&mut tx).await, [""; 0], "a key without parts asks nothing");
    tx.commit().await.unwrap();
    [fresh, duplicate, failed]
}

const BEGIN: &str = "savepoint _sqlx_savepoint_1";
const BODY: &str = "insert into";
/// And another savepoint in its place.
const KEEP: &str = "release savepoint";
const UNDO: &str = "rollback to";

/// Claim and result are a statement each, and the inner transaction two; its rollback is sent before
/// whatever comes next.
#[tokio::test]
async fn postgres() {
    let server = Server::start_with(Kind::Postgres, &[("log_statement", "all")]);
    let bank = bank::postgres_at(server.url(), "records".to_owned(), "entries".to_owned());
    let [fresh, duplicate, failed] = asked(bank.made().await, &server).await;
    let claim = "with standing";
    assert_eq!(fresh, [BEGIN, claim, BODY, "update \"records\"", KEEP, UNDO]);
    assert_eq!(duplicate, [BEGIN, claim, UNDO]);
    assert_eq!(failed, [BEGIN, claim, BODY, UNDO]);
}

/// Look and insert are one statement, of which a duplicate runs the first half alone: it locks nothing.
#[tokio::test]
async fn mariadb() {
    let logged = [("general-log", "1"), ("general-log-file", "general.log")];
    let server = Server::start_with(Kind::MariaDb, &logged);
    let bank = bank::mariadb_at(server.url(), "records".to_owned(), "entries".to_owned());
    let [fresh, duplicate, failed] = asked(bank.made().await, &server).await;
    let claim = "begin not";
    assert_eq!(fresh, [BEGIN, claim, BODY, "update `records`", KEEP, UNDO]);
    assert_eq!(duplicate, [BEGIN, claim, UNDO]);
    assert_eq!(failed, [BEGIN, claim, BODY, UNDO]);
}

/// The log for replicas has what a claim inserts, with its values, and nothing of a duplicate.
#[tokio::test]
async fn mariadb_logs_for_replicas_what_is_claimed() {
    for format in ["ROW", "MIXED", "STATEMENT"] {
        let logged = [("log-bin", "log"), ("server-id", "1"), ("binlog-format", format)];
        let server = Server::start_with(Kind::MariaDb, &logged);
        let bank = bank::mariadb_at(server.url(), "records".to_owned(), "entries".to_owned());
        let bank = bank.made().await;
        let idem = bank.engine().await;
        let logged = async || {
            let events = sqlx::query("show binlog events").fetch_all(&bank.pool).await.unwrap();
            let texts = events.iter().map(|event| event.get_unchecked::<Vec<u8>, _>("Info"));
            let texts = texts.map(|text| String::from_utf8_lossy(&text).into_owned());
            texts.filter(|text| text.contains("records")).collect::<Vec<_>>()
        };
        let before = logged().await.len();
        let mut tx = bank.begin().await;
        bank.pay(&idem, &mut tx, 1, 10).await.0.unwrap();
        tx.commit().await.unwrap();
        let after = logged().await;
        let claimed = after.get(before).unwrap();
        if format == "STATEMENT" {
            assert!(claimed.contains("insert into") && claimed.contains("pay:1"), "{claimed}");
            assert!(!claimed.contains("(1, ?") && !claimed.contains("begin not"), "{claimed}");
        }
        let mut tx = bank.begin().await;
        bank.pay(&idem, &mut tx, 1, 11).await.0.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(logged().await, after, "{format}");
    }
}

/// H61: a duplicate changes no row, and locks none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn duplicates_leave_no_dead_rows() {
    let bank = bank::postgres().await;
    let idem = bank.engine().await;
    let mut connection = bank.pool.acquire().await.unwrap();
    for prepare in [
        format!("alter table {} set (autovacuum_enabled = off)", bank.table),
        "create extension if not exists pgstattuple".to_owned(),
    ] {
        Postgres::execute(&mut connection, prepare).await.unwrap();
    }
    let mut tx = bank.begin().await;
    bank.pay(&idem, &mut tx, 1, 10).await.0.unwrap();
    tx.commit().await.unwrap();
    let dead = format!("select dead_tuple_count from pgstattuple('{}')", bank.table);
    let locked = format!("select xmax::text::bigint from {}", bank.table);
    let before = (bank.number(&dead).await, bank.number(&locked).await);
    let duplicates: Vec<_> = (0..8)
        .map(|_| {
            let (bank, idem) = (bank.clone(), idem.clone());
            tokio::spawn(async move {
                for _ in 0..100 {
                    let mut tx = bank.begin().await;
                    assert_eq!(bank.pay(&idem, &mut tx, 1, 11).await.0.unwrap(), 10);
                    tx.commit().await.unwrap();
                }
            })
        })
        .collect();
    for duplicate in duplicates {
        duplicate.await.unwrap();
    }
    assert_eq!((bank.number(&dead).await, bank.number(&locked).await), before);
    assert!(before.0 <= 1, "the running record's row alone is dead: {before:?}");
}
