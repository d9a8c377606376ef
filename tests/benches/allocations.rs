//! What a guarded call allocates, counted, and how large its future is.
//!
//! ```text
//! cargo bench -p tests --bench allocations
//! cargo bench -p tests --bench allocations -- memory   # without a server: for callgrind
//! ```
//!
//! Counts are of the calling thread, which also runs the connection's task: what redis-rs and sqlx
//! allocate is in the numbers on either side.

#[allow(dead_code, unused_imports, reason = "the other benches use the rest")]
mod charge;

use charge::sql::Statements;
use charge::{ByHand, Completion, Durable, Guard, Ours};
use idem::{Builder, Idem};
use kit::database::{Kind, Server};
use kit::place::sqlite_url;
use kit::redis::{self, Flavour};
use sqlx::mysql::MySqlPoolOptions;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Executor, Pool};
use tempfile::TempDir;
use tokio::runtime::{self, Runtime};

/// Enough calls that what a table allocates as it grows is spread thin.
const CALLS: u64 = 20_000;
/// How many completed orders the duplicates are of.
const COMPLETED: u64 = 1000;

fn main() {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let memory = Ours(Idem::in_memory());
    println!("A call's future: {} bytes.\n", size_of_val(&memory.charge(0)));
    println!("| place | call | by hand | idem |\n|---|---|--:|--:|");
    line("memory", &runtime, None::<&Ours>, &memory);
    if std::env::args().any(|argument| argument == "memory") {
        return;
    }
    for (flavour, place) in [(Flavour::Redis, "Redis 7"), (Flavour::Valkey, "Valkey 9")] {
        let url = redis::Server::shared(flavour).url();
        let idem = runtime.block_on(Idem::builder().redis(&url).build());
        let by_hand = runtime.block_on(ByHand::connect(&url, Completion::lua()));
        let idem = Ours(idem.expect("the server answers"));
        line(place, &runtime, Some(&by_hand), &idem);
    }
    let _pools_are_made_in_it = runtime.enter();
    let server = Server::start(Kind::Postgres);
    let pool = || PgPoolOptions::new().connect_lazy(&server.url()).expect("a URL");
    in_database("Postgres 15", &runtime, Idem::builder().postgres(pool()), pool());
    let server = Server::start(Kind::MariaDb);
    let pool = || MySqlPoolOptions::new().connect_lazy(&server.url()).expect("a URL");
    in_database("MariaDB 10.11", &runtime, Idem::builder().mysql(pool()), pool());
    let folder = TempDir::with_prefix("idem-bench-").expect("a folder");
    let options: SqliteConnectOptions = sqlite_url(folder.path()).parse().expect("a URL");
    let options = options.journal_mode(SqliteJournalMode::Wal);
    let pool = || SqlitePoolOptions::new().connect_lazy_with(options.clone());
    in_database("SQLite", &runtime, Idem::builder().sqlite(pool()), pool());
}

/// Counts at a database, beside two statements for a fresh call and a plain `select`.
fn in_database<DB: Statements>(place: &str, runtime: &Runtime, idem: Builder, pool: Pool<DB>)
where
    for<'c> &'c Pool<DB>: Executor<'c, Database = DB>,
{
    let idem = runtime.block_on(async {
        sqlx::raw_sql(AssertSqlSafe(DB::TABLE)).execute(&pool).await.expect("a table");
        let idem = idem.build().await.expect("the server answers");
        idem.migrate().await.expect("a table");
        idem
    });
    let calls = CALLS / 10;
    let [fresh, _] = counts(runtime, calls, &charge::sql::ByHand(pool.clone()));
    let duplicate = count(runtime, 0..calls, &charge::sql::Select(pool));
    print(place, Some([fresh, duplicate]), counts(runtime, calls, &Durable(idem)));
}

/// Counts both kinds of calls at one place.
fn line(place: &str, runtime: &Runtime, by_hand: Option<&impl Guard>, ours: &Ours) {
    let by_hand = by_hand.map(|guard| counts(runtime, CALLS, guard));
    print(place, by_hand, counts(runtime, CALLS, ours));
}

fn print(place: &str, by_hand: Option<[f64; 2]>, ours: [f64; 2]) {
    for (at, call) in ["fresh", "duplicate"].into_iter().enumerate() {
        let by_hand = by_hand.map_or("–".to_owned(), |counts| format!("{:.1}", counts[at]));
        println!("| {place} | {call} | {by_hand} | {:.1} |", ours[at]);
    }
}

/// Allocations of a fresh call, and of a duplicate.
fn counts(runtime: &Runtime, calls: u64, guard: &impl Guard) -> [f64; 2] {
    count(runtime, 0..COMPLETED, guard); // completes them
    [count(runtime, COMPLETED..COMPLETED + calls, guard), count(runtime, 0..calls, guard)]
}

/// Allocations of a call, of these orders; from 0 on, of those that are completed.
fn count(runtime: &Runtime, orders: std::ops::Range<u64>, guard: &impl Guard) -> f64 {
    let (calls, start) = (orders.end - orders.start, orders.start);
    let counted = allocation_counter::measure(|| {
        runtime.block_on(async {
            for order in orders {
                let order = if start == 0 { order % COMPLETED } else { order };
                assert!(guard.charge(order).await.is_of(order));
            }
        });
    });
    per_call(counted.count_total, calls)
}

#[expect(clippy::cast_precision_loss, reason = "some thousands")]
fn per_call(count: u64, calls: u64) -> f64 {
    count as f64 / calls as f64
}
