//! What only a file shows: what it is, who else writes to it, and what has expired in it.

use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;
use tempfile::TempDir;

use super::*;
use crate::record::{Content, Record, Start, State};
use crate::store::sql::Source;
use crate::store::sql::inside::{Answers, Joinable, Tried};
use crate::store::{Change, Claim, Claimed, Found, Name, Settled, Store};

const TIMEOUT: Duration = Duration::from_secs(20);

/// A file with the table, at which nobody waits for another writer but by the step's own time.
async fn file(timeout: Duration) -> (Sqlite, SqliteConnectOptions, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteConnectOptions::new()
        .filename(folder.path().join("records"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(Duration::ZERO);
    let pool = SqlitePoolOptions::new().connect_lazy_with(options.clone());
    let store = Sqlite::new(pool, "records", timeout).unwrap();
    store.migrate().await.unwrap();
    (store, options, folder)
}

/// Another process that writes, until it is dropped.
async fn writer(options: &SqliteConnectOptions) -> SqliteConnection {
    let mut other = SqliteConnection::connect_with(options).await.unwrap();
    sqlx::query("begin immediate").execute(&mut other).await.unwrap();
    other
}

async fn in_memory(connections: u32, url: &str) -> Sqlite {
    let pool = SqlitePoolOptions::new().max_connections(connections);
    Sqlite::new(pool.connect(url).await.unwrap(), "records", TIMEOUT).unwrap()
}

fn running() -> Record {
    let start = Start::plain(Duration::from_secs(10), Duration::from_mins(1));
    Record::running(&start, None)
}

#[tokio::test]
async fn records_in_memory_are_on_one_connection_or_shared_by_all() {
    in_memory(1, "sqlite::memory:").await.check().await.unwrap();
    let refused = in_memory(2, "sqlite::memory:").await.check().await.unwrap_err();
    assert_eq!(refused.code(), "config");
    in_memory(2, "sqlite:///shared?vfs=memdb").await.check().await.unwrap();
    let (store, _, _folder) = file(TIMEOUT).await;
    store.check().await.unwrap();
}

#[tokio::test]
async fn a_table_is_made_once_and_told_when_it_is_missing() {
    let store = in_memory(1, "sqlite::memory:").await;
    let name = Name::new("pay:1");
    let missing = store.get(&name).await.unwrap_err().to_string();
    assert!(missing.ends_with("`idem.migrate()` makes the table"), "{missing}");
    store.migrate().await.unwrap();
    assert_eq!(store.get(&name).await.unwrap(), None);
    // It is there: nothing is written, which another process may be doing for long.
    let versions = "select count(*) from records_migrations";
    let count =
        async || sqlx::query_scalar::<_, i64>(versions).fetch_one(&store.pool).await.unwrap();
    let before = count().await;
    store.migrate().await.unwrap();
    let steps = i64::try_from(Migration::all(MIGRATIONS).count()).unwrap();
    assert_eq!((before, count().await), (steps, steps));
    assert!(is_current(&store.pool, &store.table, MIGRATIONS).await.unwrap());
    sqlx::query("delete from records_migrations").execute(&store.pool).await.unwrap();
    assert!(!is_current(&store.pool, &store.table, MIGRATIONS).await.unwrap());
}

#[tokio::test]
async fn the_steps_to_the_table_are_told_as_they_are_done() {
    let store = in_memory(1, "sqlite::memory:").await;
    sqlx::raw_sql(sqlx::AssertSqlSafe(store.migrations())).execute(&store.pool).await.unwrap();
    assert!(is_current(&store.pool, &store.table, MIGRATIONS).await.unwrap());
}

#[tokio::test]
async fn a_sweep_deletes_all_that_has_expired() {
    let store = in_memory(1, "sqlite::memory:").await;
    store.migrate().await.unwrap();
    let name = Name::new("pay:kept");
    let record = running();
    store.claim(Claim::new(&name, &record, None)).await.unwrap();
    // Two batches, the second of them full.
    let many = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000) \
                insert into records select 'pay:' || i, state, owner, fence, attempts, holder, \
                lease_until, 0, record from n, records where name = 'pay:kept'";
    sqlx::query(many).execute(&store.pool).await.unwrap();
    assert_eq!(store.sweep().await.unwrap(), 2000);
    assert_eq!(store.sweep().await.unwrap(), 0);
    assert!(store.get(&name).await.unwrap().is_some());
}

#[tokio::test]
async fn a_step_waits_for_another_process_that_writes() {
    let (store, options, _folder) = file(TIMEOUT).await;
    let other = writer(&options).await;
    let (name, record) = (Name::new("pay:1"), running());
    let mut claim = Box::pin(store.claim(Claim::new(&name, &record, None)));
    let early = tokio::time::timeout(Duration::from_millis(100), &mut claim).await;
    assert!(early.is_err(), "it is not done while another writes");
    other.close().await.unwrap();
    assert!(matches!(claim.await.unwrap(), Claimed::Won { .. }));
}

#[tokio::test]
async fn a_sweep_that_finds_nothing_waits_for_nobody() {
    let (store, options, _folder) = file(Duration::from_millis(500)).await;
    let _other = writer(&options).await;
    assert_eq!(store.sweep().await.unwrap(), 0);
}

#[tokio::test]
async fn what_is_taken_over_before_a_sweep_has_the_file_stays() {
    let (store, options, _folder) = file(TIMEOUT).await;
    for number in 0..5 {
        let (name, record) = (Name::new(&format!("pay:{number}")), running());
        store.claim(Claim::new(&name, &record, None)).await.unwrap();
    }
    sqlx::query("update records set expires_at = 0").execute(&store.pool).await.unwrap();
    let mut other = writer(&options).await;
    // It has counted all of them, and waits.
    let mut sweep = Box::pin(store.sweep());
    let early = tokio::time::timeout(Duration::from_millis(100), &mut sweep).await;
    assert!(early.is_err(), "it is not done while another writes");
    let (name, record) = (Name::new("pay:3"), running());
    let claimed = Db::claim(&store, &mut other, Claim::new(&name, &record, None)).await.unwrap();
    let Tried::Won(fence) = claimed else { panic!("{claimed:?}") };
    sqlx::query("commit").execute(&mut other).await.unwrap();
    assert_eq!(sweep.await.unwrap(), 4);
    let found = store.get(&name).await.unwrap().expect("it is live");
    assert_eq!(found.record, record.with_fence(fence));
}

#[tokio::test]
async fn a_step_that_found_the_file_locked_ends_in_its_time() {
    let (store, options, _folder) = file(Duration::from_millis(500)).await;
    let _other = writer(&options).await;
    let (name, record) = (Name::new("pay:1"), running());
    let begun = std::time::Instant::now();
    store.claim(Claim::new(&name, &record, None)).await.unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(10));
    // The turn among this process's own writers is within the same time.
    let _writing = store.writing.lock().await;
    let refused = store.claim(Claim::new(&name, &record, None)).await.unwrap_err();
    assert!(refused.to_string().contains("locked until the time-out"), "{refused}");
    assert!(!refused.may_have_reached(), "what was never sent has done nothing");
}

#[tokio::test]
async fn a_table_is_made_while_another_process_writes() {
    let (store, options, _folder) = file(TIMEOUT).await;
    let newer = Sqlite::new(store.pool.clone(), "newer", TIMEOUT).unwrap();
    let other = writer(&options).await;
    let mut migrating = Box::pin(newer.migrate());
    let early = tokio::time::timeout(Duration::from_millis(200), &mut migrating).await;
    assert!(early.is_err(), "it is not done while another writes");
    other.close().await.unwrap();
    migrating.await.unwrap();
    assert_eq!(newer.get(&Name::new("pay:1")).await.unwrap(), None);
}

#[tokio::test]
async fn many_at_once_are_written_together() {
    let (store, _, _folder) = file(TIMEOUT).await;
    let store = Arc::new(store);
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..40 {
        let store = Arc::clone(&store);
        calls.spawn(async move {
            let (name, record) = (Name::new(&format!("pay:{number}")), running());
            let claimed = store.claim(Claim::new(&name, &record, None)).await.unwrap();
            let Claimed::Won { fence } = claimed else { panic!("{claimed:?}") };
            let record = record.with_fence(fence);
            let completed = Record::of(record.next(State::Completed, Content::Nothing), "host/1");
            let done = store.settle(&name, &record, Change::Complete(&completed)).await.unwrap();
            assert_eq!(done, Settled::Done);
            let found = store.get(&name).await.unwrap();
            assert_eq!(found, Some(Found::settled(completed)));
        });
    }
    calls.join_all().await;
}

#[tokio::test]
async fn a_claim_in_a_transaction_is_seen_when_that_commits() {
    let (store, options, _folder) = file(TIMEOUT).await;
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let (name, record) = (Name::new("pay:1"), running());
    let claim = |over| Claim::new(&name, &record, over);
    Db::open(&mut connection).await.unwrap();
    Db::open(&mut connection).await.unwrap();
    let won = Db::claim(&store, &mut connection, claim(None)).await.unwrap();
    let Tried::Won(fence) = won else { panic!("{won:?}") };
    let running = record.with_fence(fence);
    let found = Db::claim(&store, &mut connection, claim(None)).await.unwrap();
    assert!(matches!(found, Tried::Found(ref found) if found.record == running), "{found:?}");
    let free = running.freed();
    let raced = Db::claim(&store, &mut connection, claim(Some(&free))).await.unwrap();
    assert!(matches!(raced, Tried::Raced), "{raced:?}");
    // Another process is told at once that the file is locked.
    let mut other = SqliteConnection::connect_with(&options).await.unwrap();
    let locked = Db::claim(&store, &mut other, claim(None)).await.unwrap();
    assert!(matches!(locked, Tried::Locked(_)), "{locked:?}");

    let completed = Record::of(running.next(State::Completed, Content::Nothing), "host/1");
    let complete = Change::Complete(&completed);
    let settled = async |connection: &mut SqliteConnection| {
        Db::settle(&store, connection, &name, &running, complete).await.unwrap()
    };
    assert!(settled(&mut connection).await);
    assert!(!settled(&mut connection).await, "it is settled once");
    Db::keep(&mut connection, Answers::Read).await.unwrap();
    assert_eq!(store.get(&name).await.unwrap(), None);
    Db::keep(&mut connection, Answers::Read).await.unwrap();
    assert_eq!(store.get(&name).await.unwrap(), Some(Found::settled(completed)));
}

#[tokio::test]
async fn a_statement_that_a_transaction_is_refused_is_a_conflict_or_an_outage() {
    let (store, options, _folder) = file(TIMEOUT).await;
    let _other = writer(&options).await;
    let busy = sqlx::query("begin immediate").execute(&store.pool).await.unwrap_err();
    assert_eq!(Db::refusal(busy).code(), "conflict");
    let missing = sqlx::query("select 1 from nowhere").execute(&store.pool).await.unwrap_err();
    let told = Db::refusal(missing);
    assert_eq!(told.code(), "outage");
    assert!(told.to_string().ends_with("`idem.migrate()` makes the table"), "{told}");
    let wrong = sqlx::query("select nothing").execute(&store.pool).await.unwrap_err();
    let told = Db::refusal(wrong);
    assert_eq!(told.code(), "outage");
    assert!(!told.to_string().contains("migrate"), "{told}");
    assert_eq!(Db::refusal(sqlx::Error::BeginFailed).code(), "conflict");
    assert_eq!(Db::refusal(sqlx::Error::PoolClosed).code(), "outage");
}

#[tokio::test]
async fn a_database_is_the_store_that_its_url_names() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("records");
    let database = Source::Url(format!("sqlite:{}", file.display()));
    let database = database.open("records", TIMEOUT).await.unwrap();
    database.migrate().await.unwrap();
    assert!(database.migrations().contains("create table if not exists \"records\""));
    let (name, record) = (Name::new("pay:1"), running());
    let claimed = database.claim(Claim::new(&name, &record, None)).await.unwrap();
    let Claimed::Won { fence } = claimed else { panic!("{claimed:?}") };
    let record = record.with_fence(fence);
    assert_eq!(database.get(&name).await.unwrap().map(|found| found.record), Some(record.clone()));
    let settled = database.settle(&name, &record, Change::Renew).await.unwrap();
    assert_eq!((settled, database.sweep().await.unwrap()), (Settled::Done, 0));
    sqlx::query("update records set expires_at = 0")
        .execute(&Db::records(&database).expect("it is an SQLite").pool)
        .await
        .unwrap();
    assert_eq!(database.sweep().await.unwrap(), 1);
    // The same file by its path.
    let again = Source::File(file).open("records", TIMEOUT).await.unwrap();
    assert_eq!(again.get(&name).await.unwrap(), None);
    for url in ["", "sqlite", "oracle:records", "sqlite:records?mode=wrong"] {
        let refused = Source::Url(url.to_owned()).open("records", TIMEOUT).await;
        assert_eq!(refused.map(drop).unwrap_err().code(), "config", "{url}");
    }
}

/// The pool closes a connection that it has begun to look at when nobody waits for it any more.
#[tokio::test]
async fn a_step_whose_time_is_over_costs_the_pool_no_connection() {
    let (store, _, _folder) = file(TIMEOUT).await;
    while store.pool.num_idle() == 0 {
        tokio::task::yield_now().await;
    }
    let connections = store.pool.size();
    let late = Step::new(&store.pool, Duration::ZERO).row(|| sqlx::query("select 1")).await;
    assert!(late.is_err_and(|error| !error.may_have_reached()));
    assert_eq!(store.pool.size(), connections);
}
