//! The library's durable claims beside hand-written sqlx, on the same server.
//!
//! ```text
//! cargo bench -p tests --bench sql                       # all of it, 4 minutes
//! cargo bench -p tests --bench sql -- --quick
//! cargo bench -p tests --bench sql -- postgres fresh     # the lines with these words
//! ```
//!
//! Prints a table in Markdown; [`harness::Options`] has what can be set. Each has a pool of 16. The
//! servers sync each commit, as in production: the usual servers of the tests don't. A fresh call is
//! beside two statements that commit by themselves, a duplicate beside a plain `select`; a call that
//! joins its caller's transaction beside the same statements by hand, with and without a savepoint.

#[allow(dead_code, unused_imports, reason = "the other benches use the rest")]
mod charge;
#[allow(dead_code, unused_imports, reason = "the other benches use the rest")]
mod harness;

use charge::sql::{By, ByHand, ByHandInTx, Joined, Select, Statements, Work};
use charge::{Durable, Guard};
use harness::{CALLERS, Call, Contest, Task, columns};
use idem::{Builder, Idem};
use kit::database::{Kind, Server};
use kit::place::sqlite_url;
use sqlx::mysql::MySqlPoolOptions;
use sqlx::pool::PoolOptions;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Executor, Pool};
use tempfile::TempDir;

/// How many connections each contender has.
const CONNECTIONS: u32 = 16;
const DATABASES: [&str; 3] = ["postgres", "mariadb", "sqlite"];

fn main() {
    let contest = Contest::new();
    let _pools_are_made_in_it = contest.runtime.enter();
    println!(
        "| database | call | callers | by hand, calls/s | idem, calls/s | throughput | p50 | p99 | client CPU, µs | server CPU, µs |\n\
         |---|---|--:|--:|--:|--:|--:|--:|--:|--:|"
    );
    if contest.options.asks_for_one("postgres", &DATABASES) {
        let server = Server::start_with(Kind::Postgres, &[("fsync", "on")]);
        let pool = || quick(PgPoolOptions::new()).connect_lazy(&server.url()).expect("a URL");
        let idem = Idem::builder().postgres(pool());
        lines(&contest, "Postgres 15", Some(server.pid()), idem, &pool());
    }
    if contest.options.asks_for_one("mariadb", &DATABASES) {
        let synced = [("innodb-flush-log-at-trx-commit", "1")];
        let server = Server::start_with(Kind::MariaDb, &synced);
        let pool = || quick(MySqlPoolOptions::new()).connect_lazy(&server.url()).expect("a URL");
        let idem = Idem::builder().mysql(pool());
        lines(&contest, "MariaDB 10.11", Some(server.pid()), idem, &pool());
    }
    if contest.options.asks_for_one("sqlite", &DATABASES) {
        let folder = TempDir::with_prefix("idem-bench-").expect("a folder");
        let options: SqliteConnectOptions = sqlite_url(folder.path()).parse().expect("a URL");
        let options = options.journal_mode(SqliteJournalMode::Wal);
        let options = options.synchronous(SqliteSynchronous::Full);
        let pool = || quick(SqlitePoolOptions::new()).connect_lazy_with(options.clone());
        lines(&contest, "SQLite", None, Idem::builder().sqlite(pool()), &pool());
    }
}

/// A connection is asked whether it is alive by its next statement alone.
fn quick<DB: sqlx::Database>(options: PoolOptions<DB>) -> PoolOptions<DB> {
    options.max_connections(CONNECTIONS).test_before_acquire(false)
}

/// The lines of one database.
fn lines<DB: Statements>(
    contest: &Contest,
    name: &str,
    server: Option<u32>,
    idem: Builder,
    pool: &Pool<DB>,
) where
    for<'c> &'c Pool<DB>: Executor<'c, Database = DB>,
{
    let idem = contest.runtime.block_on(async {
        sqlx::raw_sql(AssertSqlSafe(DB::TABLE)).execute(pool).await.expect("a table");
        let idem = idem.build().await.expect("the server answers");
        idem.migrate().await.expect("a table");
        idem
    });
    let joined = Joined(idem.clone(), pool.clone(), Work::Body);
    let moved = Joined(idem.clone(), pool.clone(), Work::Transition);
    let (ours, by_hand) = (Durable(idem), ByHand(pool.clone()));
    contest.complete(&ours);
    contest.complete(&by_hand);
    for callers in CALLERS {
        let task = Task { call: Call::Fresh, callers, server };
        line(contest, name, task, &ours, &by_hand);
    }
    for callers in CALLERS {
        let task = Task { call: Call::Duplicate, callers, server };
        line(contest, name, task, &ours, &Select(pool.clone()));
    }
    for callers in CALLERS {
        let task = Task { call: Call::Fresh, callers, server };
        joined_line(contest, name, task, &joined);
    }
    for callers in [1, 16, 64] {
        moved_line(contest, name, Task { call: Call::Fresh, callers, server }, &moved);
    }
}

/// Measures a call in its caller's transaction beside four ways to do it by hand.
fn joined_line<DB: Statements>(contest: &Contest, name: &str, task: Task, joined: &Joined<DB>) {
    let start = format!("| {name} | {:?}, `tx`", task.call);
    if !contest.options.asks_for(&format!("{start} | {} |", task.callers).to_lowercase()) {
        return;
    }
    let by_hand = |by| contest.turn(ByHandInTx(joined.1.clone(), by, Work::Body), task);
    let nested = by_hand(By::HandInSavepoint);
    let ours = contest.turn(joined.clone(), task);
    let same = by_hand(By::OurStatements);
    let flat = by_hand(By::Hand);
    let apart = contest.turn(ByHand(joined.1.clone()), task);
    let mut rounds = contest.rounds([&nested, &ours, &same, &flat, &apart]);
    for (other, beside) in [
        (2, "the same statements"),
        (0, "a savepoint"),
        (3, "no savepoint"),
        (4, "separate commits"),
    ] {
        let columns = columns(&mut rounds, other, &[50, 99]);
        println!("{start} beside {beside} | {} | {columns}", task.callers);
    }
}

/// Measures a transition beside the same statements by hand, and beside a plain conditional update,
/// in a savepoint as well.
fn moved_line<DB: Statements>(contest: &Contest, name: &str, task: Task, moved: &Joined<DB>) {
    let start = format!("| {name} | {:?}, `state`", task.call);
    if !contest.options.asks_for(&format!("{start} | {} |", task.callers).to_lowercase()) {
        return;
    }
    let by_hand = |by| contest.turn(ByHandInTx(moved.1.clone(), by, Work::Transition), task);
    let nested = by_hand(By::HandInSavepoint);
    let ours = contest.turn(moved.clone(), task);
    let same = by_hand(By::OurStatements);
    let mut rounds = contest.rounds([&nested, &ours, &same]);
    for (other, beside) in [(2, "the same statements"), (0, "a plain update")] {
        let columns = columns(&mut rounds, other, &[50, 99]);
        println!("{start} beside {beside} | {} | {columns}", task.callers);
    }
}

/// Measures one line of the table, and prints it.
fn line(contest: &Contest, name: &str, task: Task, ours: &Durable, by_hand: &impl Guard) {
    let start = format!("| {name} | {:?} | {} |", task.call, task.callers);
    if !contest.options.asks_for(&start.to_lowercase()) {
        return;
    }
    let (ours, by_hand) = (contest.turn(ours.clone(), task), contest.turn(by_hand.clone(), task));
    let mut rounds = contest.rounds([&by_hand, &ours]);
    println!("{start} {}", columns(&mut rounds, 0, &[50, 99]));
}
